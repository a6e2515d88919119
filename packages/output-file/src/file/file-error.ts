import { TalonError, type ErrorCode } from '@falco-talon/core';

const MEANING: Readonly<Record<string, { code: ErrorCode; text: string; retryable: boolean }>> = {
  EACCES: { code: 'forbidden', text: 'Falco Talon’s user may not', retryable: false },
  EPERM: { code: 'forbidden', text: 'Falco Talon’s user may not', retryable: false },
  EROFS: { code: 'forbidden', text: 'the file system is read-only', retryable: false },
  ENOSPC: { code: 'unavailable', text: 'the disk is full', retryable: true },
  EDQUOT: { code: 'unavailable', text: 'the quota is used up', retryable: true },
  EMFILE: { code: 'unavailable', text: 'too many files are open', retryable: true },
  ENFILE: { code: 'unavailable', text: 'too many files are open', retryable: true },
  EIO: { code: 'unavailable', text: 'the disk failed', retryable: true },
  EEXIST: { code: 'conflict', text: 'another process writes it at the same time', retryable: true },
  EISDIR: { code: 'conflict', text: 'a folder of that name is in the way', retryable: false },
};

/** What a failed call to the file system means. `doing` completes "cannot …". */
export function fileError(cause: unknown, doing: string): TalonError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : MEANING[code];
  return new TalonError(known?.code ?? 'unavailable', `cannot ${doing}: ${known?.text ?? message}`, {
    cause,
    retryable: known?.retryable ?? true,
  });
}
