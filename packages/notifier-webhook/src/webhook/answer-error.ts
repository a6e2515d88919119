import { TalonError, type ErrorCode } from '@falco-talon/core';
import type { Endpoint } from './endpoint.ts';

/** Nobody is asked to wait longer than this, whatever `Retry-After` says. */
const LONGEST_WAIT = 3_600_000;

/** What an answer that is no success means. Repeated are only answers that may be another one later: 429 and 5xx. */
export function answerError(
  status: number,
  retryAfterHeader: string | undefined,
  body: string,
  to: Endpoint,
  now: number,
): TalonError {
  const retryable = status === 429 || status >= 500;
  const retryAfter = retryable ? waitTime(retryAfterHeader, now) : undefined;
  const text = shortText(body, to.secrets);
  const note = status >= 300 && status < 400 ? ' (redirects are not followed)' : '';
  return new TalonError(
    errorCode(status),
    `${to.url.host} answered ${status}${note}${text === '' ? '' : `: ${text}`}`,
    { retryable, ...(retryAfter === undefined ? {} : { retryAfter }) },
  );
}

function errorCode(status: number): ErrorCode {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 413) return 'too_large';
  if (status === 429) return 'throttled';
  return status >= 500 ? 'unavailable' : 'rejected';
}

/** Milliseconds. The header holds seconds or a date. */
function waitTime(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_WAIT);
}

/** One line of what the server said, without what it may have echoed. */
function shortText(body: string, secrets: readonly string[]): string {
  let text = body;
  for (const secret of secrets) text = text.replaceAll(secret, '***');
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  const line = text.replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
