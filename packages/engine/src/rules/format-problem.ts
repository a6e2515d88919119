import { counted } from './counted.ts';
import { displayWidth } from './display-width.ts';
import { printable } from './printable.ts';
import type { Problem, RuleFile } from './rule.ts';

const FRAME_WIDTH = 120;

/** A problem, or anything else that is told about a place in a file. */
type Printed = Omit<Problem, 'severity'> & { readonly severity: string };

/** `rules.yaml:12:7: error: message (path)`, and below it the line, with what is wrong underlined, when the file's text is given. */
export function formatProblem(problem: Printed, text?: string): string {
  return formatProblemOfLine(problem, text === undefined ? undefined : linesOf(text)[problem.line - 1]);
}

/** Formats many problems of these files, each with its line. */
export function problemFormatter(files: readonly RuleFile[]): (problem: Printed) => string {
  const lines = new Map<string, readonly string[]>();
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return (problem) => {
    const { file } = problem;
    if (!lines.has(file)) lines.set(file, linesOf(texts.get(file) ?? ''));
    return formatProblemOfLine(problem, lines.get(file)![problem.line - 1]);
  };
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

/** The same, of one whose line is all there is of the file. */
export function formatProblemOfLine(problem: Printed, content: string | undefined): string {
  const { file, line, column, severity, path, message } = problem;
  const where = line === 0 ? printable(file) : `${printable(file)}:${line}:${column}`;
  const head = `${where}: ${severity}: ${printable(message)}${path === '' ? '' : ` (${printable(path)})`}`;
  if (content === undefined || content.trim() === '') return head;
  return `${head}\n${frame(content, problem)}`;
}

function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r?\n/);
}

/** A window of the line around the column. What goes on over several lines is underlined to the end of the first. */
function frame(content: string, { line, column, length = 1 }: Printed): string {
  const from = column - 1;
  const start = column <= FRAME_WIDTH ? 0 : wholeFrom(content, from - FRAME_WIDTH / 2);
  const end = wholeFrom(content, Math.min(start + FRAME_WIDTH, content.length));
  const to = Math.min(Math.max(from + length, from + 1), content.trimEnd().length, end);
  const lead = start > 0 ? '…' : '';
  const before = expandTabs(content.slice(start, from));
  const wrong = expandTabs(content.slice(from, to));
  const after = expandTabs(content.slice(Math.max(from, to), end));
  const number = String(line);
  const shown = `${lead}${before}${wrong}${after}${end < content.length ? '…' : ''}`;
  const indent = ' '.repeat(displayWidth(lead + before));
  const mark = '^'.repeat(Math.max(1, displayWidth(wrong)));
  return `  ${number} | ${shown}\n  ${' '.repeat(number.length)} | ${indent}${mark}`;
}

/** A character of two UTF-16 units is not cut in half. */
function wholeFrom(content: string, index: number): number {
  return /^[\udc00-\udfff]/.test(content.slice(index, index + 1)) ? index - 1 : index;
}

function expandTabs(text: string): string {
  return printable(text.replaceAll('\t', '  '));
}
