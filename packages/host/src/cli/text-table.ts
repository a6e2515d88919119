import { printable } from '@falco-talon/engine';
import type { OutputStream } from './command.ts';
import { painter } from './colour.ts';
import type { Variables } from '../config/environment.ts';

/** The last column keeps at least this much on a terminal that is too narrow for the others. */
const NARROWEST = 20;

/**
 * Columns for people, as kubectl prints them. The last one is cut where the terminal ends; in a file or a pipe nothing is
 * cut. Cells may hold anything: they are made printable here.
 */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  stream: OutputStream,
  environment: Variables,
): string {
  const cells = rows.map((row) => row.map((cell) => printable(cell)));
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]!.length)));
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const last =
    stream.isTTY === true && stream.columns !== undefined ? Math.max(NARROWEST, stream.columns - before) : Infinity;
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === head.length - 1 ? cut(cell, last) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [painter(stream, environment)('title', line(head)), ...cells.map(line)].join('\n');
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1).toWellFormed()}…` : text;
}
