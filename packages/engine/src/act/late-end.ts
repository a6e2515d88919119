/** What work that was told to stop came to, if it ends in order before nobody waits any more. */
export async function lateEnd<T>(work: Promise<T> | undefined, leaving: AbortSignal): Promise<T | undefined> {
  if (!work || leaving.aborted) return undefined;
  const left = Promise.withResolvers<undefined>();
  const leave = () => left.resolve(undefined);
  leaving.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, left.promise]);
  } catch {
    return undefined;
  } finally {
    leaving.removeEventListener('abort', leave);
  }
}
