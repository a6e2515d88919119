import { setTimeout as delay } from 'node:timers/promises';

const PAUSE = 200;

/**
 * Asks again until there is an answer. It polls on purpose: what is tested here must not depend on the watch under test.
 * @throws Error that names what did not come
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | false | undefined>,
  limit: number = 90_000,
): Promise<T> {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`${what}: not within ${limit / 1000} s`);
    await delay(PAUSE);
  }
}
