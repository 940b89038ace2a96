/**
 * Does `work` for every item, at most so many at once, and answers the results in the order of the items. The first
 * failure fires the signal of the others, which are waited for, and is thrown then: nothing of it is under way any more.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const cancel = new AbortController();
  const results: Result[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of waiting) {
      if (cancel.signal.aborted) return;
      results[at] = await work(item, cancel.signal);
    }
  };
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, worker);
  try {
    await Promise.all(workers);
    return results;
  } catch (error) {
    cancel.abort(error);
    await Promise.allSettled(workers);
    throw error;
  }
}
