import { errorText } from '@falco-talon/core';

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'this is a directory, a file is needed',
  EACCES: 'this user may not read the file',
  EPERM: 'this user may not read the file',
};

/** Why a file the user named cannot be read, in words. */
export function fileError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  return WORDS[code] ?? `the file cannot be read: ${errorText(error)}`;
}
