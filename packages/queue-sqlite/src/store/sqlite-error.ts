/** Primary result codes, https://sqlite.org/rescode.html */
export const RESULT = {
  busy: 5,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const;

/** The primary result code of an error thrown by node:sqlite, undefined for any other error. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** What a look at the pages found, said by SQLite. */
export class Damage extends Error {}

export function isDamage(error: unknown): boolean {
  if (error instanceof Damage) return true;
  const code = resultCode(error);
  return code === RESULT.corrupt || code === RESULT.notADatabase;
}
