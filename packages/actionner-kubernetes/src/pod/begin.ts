/**
 * A stream that has begun: a refusal (no such pod, no such container) is thrown here and not while somebody reads. Whoever
 * may leave it unread has to end the source.
 */
export async function begin<T, R>(source: AsyncIterator<T, R, void>): Promise<AsyncGenerator<T, R, void>> {
  return resumed(await source.next(), source);
}

async function* resumed<T, R>(
  first: IteratorResult<T, R>,
  source: AsyncIterator<T, R, void>,
): AsyncGenerator<T, R, void> {
  try {
    let next = first;
    for (; !next.done; next = await source.next()) yield next.value;
    return next.value;
  } finally {
    await source.return?.();
  }
}
