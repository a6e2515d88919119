import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { errorText, TalonError, type FalcoEvent } from '@falco-talon/core';
import { decodeAlert } from '@falco-talon/engine';
import { splitJson } from './split-json.ts';

export interface ReadAlert {
  readonly event: FalcoEvent;
  readonly inList: boolean;
}

/**
 * The alerts of a file, or of the standard input for `-`, one after the other; the file may be larger than the memory.
 * @throws TalonError `invalid_event`, or the system's error
 */
export async function* readAlerts(
  path: string,
  { workingDirectory, stdin }: { readonly workingDirectory: string; readonly stdin: () => Readable },
): AsyncGenerator<ReadAlert> {
  const file = resolve(workingDirectory, path);
  if (path !== '-' && (await stat(file)).isDirectory()) {
    throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
  }
  const stream = path === '-' ? stdin() : createReadStream(file);
  let number = 0;
  for await (const { text, line, inList } of splitJson(texts(stream))) {
    number++;
    try {
      const receipt = { id: 'explain', traceId: '0'.repeat(32), receivedAt: 0 };
      yield { event: decodeAlert(Buffer.from(text), receipt), inList };
    } catch (error) {
      throw new TalonError('invalid_event', `alert ${number}: ${errorText(error)} (it begins in line ${line})`);
    }
  }
}

/** Bytes that are no UTF-8 become U+FFFD, as in alerts the server receives. */
async function* texts(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for await (const chunk of stream as AsyncIterable<Uint8Array | string>) {
    yield typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}
