import type { Store } from './store.ts';

/**
 * Resolves as soon as the condition holds: it is looked at now and after every change of the store.
 * @throws Error when it does not hold in time
 */
export function until(store: Store, holds: () => boolean, timeoutMs: number): Promise<void> {
  if (holds()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`the condition did not hold within ${timeoutMs} ms`));
    }, timeoutMs);
    const stop = store.onChange(() => {
      if (!holds()) return;
      clearTimeout(timer);
      stop();
      resolve();
    });
  });
}
