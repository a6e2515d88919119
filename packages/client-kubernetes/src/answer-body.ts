import { unreadableError } from './failure.ts';
import { shortText } from './status.ts';
import type { Call } from './transport/call.ts';
import type { Answer } from './transport/exchange.ts';

/**
 * The object of a successful answer.
 * @throws TalonError `unavailable`, or `outcome_unknown` after a write, when it is not a JSON object
 */
export function readJson(call: Call, answer: Answer): object {
  let value: unknown;
  try {
    value = JSON.parse(answer.body.toString());
  } catch {
    const type = shortText(answer.headers['content-type'] ?? 'of no type', 100);
    throw unreadableError(call, answer, `the answer is not JSON but ${type}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw unreadableError(call, answer, 'the answer is no object');
}
