import { TalonError } from '@falco-talon/core';

/** Milliseconds one call to the disk may take before the caller is told. */
export const CALL_LIMIT = 10_000;

/**
 * What `promise` comes to, or `disk` after `CALL_LIMIT`. The call itself goes on: its outcome is unknown to the caller,
 * as after a crash, and the queue's own books follow the real one.
 */
export async function withinLimit<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `The disk has not answered for ${CALL_LIMIT / 1000} seconds.`;
      reject(new TalonError('disk', message, { retryable: true }));
    }, CALL_LIMIT);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
