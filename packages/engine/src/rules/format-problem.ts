import { printable } from './printable.ts';
import type { Problem, RuleFile } from './rule.ts';

const FRAME_WIDTH = 120;

/** A problem, or anything else that is told about a place in a file. */
type Printed = Omit<Problem, 'severity'> & { readonly severity: string };

/** `rules.yaml:12:7: error: message (path)`, and below it the line with a caret when the file's text is given. */
export function formatProblem(problem: Printed, text?: string): string {
  return format(problem, text === undefined ? [] : linesOf(text));
}

/** Formats many problems of these files, each with its line. */
export function problemFormatter(files: readonly RuleFile[]): (problem: Printed) => string {
  const lines = new Map<string, readonly string[]>();
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return (problem) => {
    const { file } = problem;
    if (!lines.has(file)) lines.set(file, linesOf(texts.get(file) ?? ''));
    return format(problem, lines.get(file)!);
  };
}

function format(problem: Printed, lines: readonly string[]): string {
  const { file, line, column, severity, path, message } = problem;
  const where = line === 0 ? printable(file) : `${printable(file)}:${line}:${column}`;
  const head = `${where}: ${severity}: ${printable(message)}${path === '' ? '' : ` (${printable(path)})`}`;
  const content = lines[line - 1];
  if (content === undefined || content.trim() === '') return head;
  return `${head}\n${frame(content, line, column)}`;
}

function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r?\n/);
}

/** All of them, one below the other, with a line that counts them; empty without problems. */
export function formatProblems(problems: readonly Problem[], files: readonly RuleFile[]): string {
  if (problems.length === 0) return '';
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return [
    ...problems.map(problemFormatter(files)),
    `${counted(errors, 'error')}, ${counted(problems.length - errors, 'warning')}`,
  ].join('\n');
}

/** A window of the line around the column; the caret's place counts escapes as they are printed. */
function frame(content: string, line: number, column: number): string {
  const start = column <= FRAME_WIDTH ? 0 : column - FRAME_WIDTH / 2;
  const before = expandTabs(content.slice(start, column - 1));
  const after = expandTabs(content.slice(column - 1, start + FRAME_WIDTH));
  const lead = start > 0 ? '…' : '';
  const tail = content.length > start + FRAME_WIDTH ? '…' : '';
  const number = String(line);
  const indent = ' '.repeat(lead.length + before.length);
  return `  ${number} | ${lead}${before}${after}${tail}\n  ${' '.repeat(number.length)} | ${indent}^`;
}

function expandTabs(text: string): string {
  return printable(text.replaceAll('\t', '  '));
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
