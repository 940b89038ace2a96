/**
 * What a source yields, until the signal aborts: then its reason is thrown at once, even while the source is silent.
 * The source is told to end but not waited for, since it may be waiting for input that never comes.
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (let step = await next(iterator, signal); step.done !== true; step = await next(iterator, signal))
      yield step.value;
  } finally {
    Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

function next<T>(iterator: AsyncIterator<T>, signal: AbortSignal | undefined): Promise<IteratorResult<T>> {
  if (signal === undefined) return iterator.next();
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', fail, { once: true });
    iterator
      .next()
      .finally(() => signal.removeEventListener('abort', fail))
      .then(resolve, reject);
  });
}
