import { describe, expect, it, jest } from '@jest/globals';

import { AnswerCache } from './answer-cache.js';
import { cachedQuery, type CachedQuery } from './cached-query.js';

interface Scene {
  readonly ask: CachedQuery<[id: string], string | null>;
  readonly read: ReturnType<typeof jest.fn<(id: string) => Promise<string | null>>>;
  inTransaction: boolean;
}

function scene(): Scene {
  const cache = new AnswerCache();
  cache.limit(100_000);
  cache.listening();
  cache.proven(performance.now());
  const read = jest.fn((id: string): Promise<string | null> => Promise.resolve(id === 'none' ? null : id));
  const made: Scene = { ask: undefined as never, read, inTransaction: false };
  const memory = { name: 'kind', key: (id: string) => id, read, dependsOn: () => ['tag'] };
  const ask = cachedQuery<[id: string], string | null>(memory, {
    cache,
    isInTransaction: () => made.inTransaction,
    read: (_key, [id]) => read(id),
  });
  return Object.assign(made, { ask });
}

describe('cachedQuery', () => {
  it('reads once what is asked for again', async () => {
    const { ask, read } = scene();
    expect([await ask('a'), await ask('a'), await ask('b')]).toEqual(['a', 'a', 'b']);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('keeps neither that there is nothing nor a failure', async () => {
    const { ask, read } = scene();
    await ask('none');
    await ask('none');
    read.mockRejectedValueOnce(new Error('down'));
    await expect(ask('a')).rejects.toThrow('down');
    expect(await ask('a')).toBe('a');
    expect(read).toHaveBeenCalledTimes(4);
  });

  it('reads anew for who wants that, and keeps what came', async () => {
    const { ask, read } = scene();
    await ask('a');
    read.mockResolvedValueOnce('changed');
    expect([await ask.fresh('a'), await ask('a')]).toEqual(['changed', 'changed']);
  });

  it('DB-07: inside a transaction reads each time, and keeps nothing that only the transaction sees', async () => {
    const inside = scene();
    inside.inTransaction = true;
    await inside.ask('a');
    await inside.ask.fresh('a');
    inside.inTransaction = false;
    await inside.ask('a');
    expect(inside.read).toHaveBeenCalledTimes(3);
  });

  it('PS-03: counts the end of an answer from before it was read, however long that took', async () => {
    jest.useFakeTimers({ now: 0 });
    try {
      const cache = new AnswerCache();
      cache.limit(100_000);
      cache.listening();
      const read = jest.fn((id: string) => {
        jest.advanceTimersByTime(90);
        cache.proven(performance.now());
        return Promise.resolve(id);
      });
      const query = {
        name: 'kind',
        key: (id: string) => id,
        read,
        dependsOn: () => ['tag'],
        lastsMs: () => 100,
      };
      const ask = cachedQuery<[id: string], string>(query, {
        cache,
        isInTransaction: () => false,
        read: (_key, [id]) => read(id),
      });
      await ask('a');
      jest.advanceTimersByTime(9);
      await ask('a');
      expect(read).toHaveBeenCalledTimes(1);
      jest.advanceTimersByTime(1);
      await ask('a');
      expect(read).toHaveBeenCalledTimes(2);
    } finally {
      jest.useRealTimers();
    }
  });

  it('refuses a question with a part that is missing', async () => {
    await expect(scene().ask(undefined as never)).rejects.toThrow(TypeError);
  });
});
