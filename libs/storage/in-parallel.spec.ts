import { describe, expect, it } from '@jest/globals';
import { inParallel } from '#storage';

/** Work that ends when it is told to. */
function handles(): {
  start: (item: number) => Promise<string>;
  end: (item: number) => void;
  begun: number[];
} {
  const begun: number[] = [];
  const ends = new Map<number, () => void>();
  const start = (item: number) => {
    begun.push(item);
    return new Promise<string>((resolve) => ends.set(item, () => resolve(`done ${item}`)));
  };
  return { start, end: (item) => ends.get(item)?.(), begun };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('work for many items, a few at once', () => {
  it('is begun in their order, never more than so many, and answers in their order', async () => {
    const { start, end, begun } = handles();
    const all = inParallel([1, 2, 3, 4], 2, start);
    expect(begun).toEqual([1, 2]);
    end(2);
    await turn();
    expect(begun).toEqual([1, 2, 3]);
    end(3);
    await turn();
    end(4);
    end(1);
    expect(await all).toEqual(['done 1', 'done 2', 'done 3', 'done 4']);
  });

  it('is done when there are no items', async () => {
    expect(await inParallel([], 4, () => Promise.reject(new Error('never')))).toEqual([]);
  });

  it('fails with the first failure, once what was under way has heard of it and ended', async () => {
    const failure = new Error('the first');
    const ended: string[] = [];
    const work = async (item: number, signal: AbortSignal): Promise<void> => {
      if (item === 1) throw failure;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      ended.push(`${item} ${signal.reason === failure}`);
      throw new Error('another');
    };
    await expect(inParallel([0, 1, 2, 3], 3, work)).rejects.toBe(failure);
    expect(ended.sort()).toEqual(['0 true', '2 true']);
  });
});
