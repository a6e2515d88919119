/** A Markdown table with aligned columns, as the formatter of this repository writes it. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((row) =>
    row.map((cell) => cell.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')),
  );
  const widths = head.map((_, column) => Math.max(3, ...lines.map((line) => line[column]!.length)));
  const text = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [first, ...rest] = lines;
  return `${[text(first!), text(widths.map((width) => '-'.repeat(width))), ...rest.map(text)].join('\n')}\n`;
}
