import { stringify } from 'yaml';
import { printable, escaped, jsonText } from '@falco-talon/engine';
import type { EffectiveValue } from './effective-values.ts';
import { originText, placeText } from './origins.ts';

/** The values as a configuration file, each with a comment that says where it comes from. */
export function configYaml(values: readonly EffectiveValue[]): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const { path, value, origin, read } of values) {
    const sections = path.slice(0, -1);
    let same = 0;
    while (same < sections.length && sections[same] === open[same]) same++;
    for (const [index, section] of sections.entries()) {
      if (index >= same) lines.push(`${'  '.repeat(index)}${section}:`);
    }
    open = sections;
    const from = origin === undefined ? 'default' : originText(origin);
    const indent = '  '.repeat(sections.length);
    const key = path.at(-1)!;
    lines.push(
      read
        ? `${indent}${key}: ${yamlText(value)} # ${printable(from)}`
        : `${indent}# ${key} is not read: no loaded plugin owns it; ${printable(from)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The same as data. */
export function configJson(values: readonly EffectiveValue[]): string {
  const list = values.map(({ path, value, origin, read }) => ({
    key: path.join('.'),
    ...(read ? { value } : { read: false }),
    origin: origin?.from ?? 'default',
    ...(origin && { place: placeText(origin) }),
  }));
  return jsonText(list);
}

/** Key, value and origin of each, for a table. */
export function configRows(values: readonly EffectiveValue[]): readonly (readonly string[])[] {
  return values.map(({ path, value, origin, read }) => [
    path.join('.'),
    origin === undefined ? 'default' : originText(origin),
    read ? yamlText(value) : '(not read)',
  ]);
}

/** On one line. What could steer a terminal is written as escapes. */
function yamlText(value: unknown): string {
  const text = stringify(value, {
    collectionStyle: 'flow',
    lineWidth: 0,
    blockQuote: false,
    doubleQuotedMinMultiLineLength: Infinity,
  }).trimEnd();
  if (!text.includes('\n') && printable(text) === text) return text;
  return escaped(JSON.stringify(value));
}
