import { TalonError } from '@falco-talon/core';

/** Of one alert: four times what the server takes unless the configuration says otherwise. */
export const ALERT_LIMIT = 4 * 1024 * 1024;

export interface JsonPiece {
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
  /** It is an item of a list that is the whole file. */
  readonly inList: boolean;
}

/**
 * The JSON values of a text: one, the items of one list, or several one after the other, however they are broken into
 * lines. Only cuts: whether a piece is JSON is judged by whoever reads it. Holds no more than one value at a time.
 * @throws TalonError `invalid_event` with the line
 */
export async function* splitJson(chunks: AsyncIterable<string>): AsyncGenerator<JsonPiece> {
  let piece = '';
  let startLine = 0;
  let line = 1;
  let depth = 0;
  let inString = false;
  let escaped = false;
  let list: 'none' | 'open' | 'closed' = 'none';
  let pieces = 0;
  const fail = (message: string) => new TalonError('invalid_event', `${message} (line ${line})`);

  for await (const chunk of chunks) {
    // Where the part of the piece begins that this chunk holds.
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const character = chunk[at]!;
      if (character === '\n') line++;
      if (inString) {
        if (escaped) escaped = false;
        else if (character === '\\') escaped = true;
        else if (character === '"') inString = false;
        continue;
      }
      if (depth > 0) {
        if (character === '"') inString = true;
        else if (character === '{' || character === '[') depth++;
        else if (character === '}' || character === ']') depth--;
        if (depth > 0) continue;
        yield { text: piece + chunk.slice(from, at + 1), line: startLine, inList: list === 'open' };
        piece = '';
        pieces++;
        continue;
      }
      if (isBlank(character) || (line === 1 && character === '\uFEFF')) continue;
      if (list === 'closed') throw fail(`${JSON.stringify(character)} stands behind the end of the list`);
      if (character === '{') {
        depth = 1;
        from = at;
        startLine = line;
      } else if (character === '[' && list === 'none' && pieces === 0) list = 'open';
      else if (character === ']' && list === 'open') list = 'closed';
      else if (character !== ',' || list !== 'open') {
        throw fail(`this is not JSON of alerts: ${JSON.stringify(character)} stands where an alert ({…}) should begin`);
      }
    }
    if (depth === 0) continue;
    piece += chunk.slice(from);
    if (piece.length > ALERT_LIMIT) throw fail(`an alert is larger than ${ALERT_LIMIT / 1024 / 1024} MiB`);
  }
  if (depth > 0) throw fail(`this is not JSON: the alert that begins in line ${startLine} does not end`);
  if (list === 'open') throw fail('this is not JSON: the list does not end');
  if (pieces === 0) throw fail(list === 'closed' ? 'the list holds no alert' : 'there is no alert in it');
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t';
}
