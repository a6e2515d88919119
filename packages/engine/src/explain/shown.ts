import { printable } from '../rules/printable.ts';

/** What an alert says, on one line and not too long. */
export function short(text: string, limit: number): string {
  return printable(text.length > limit ? `${text.slice(0, limit - 1)}…` : text);
}

export function quoted(text: string): string {
  return `"${short(text, 200)}"`;
}
