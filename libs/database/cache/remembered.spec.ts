import { describe, expect, it, jest } from '@jest/globals';

import { AnswerCache } from './answer-cache.js';
import { remembered, type Remembered } from './remembered.js';

interface Scene {
  readonly ask: Remembered<[id: string], string | null>;
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
  const memory = { name: 'kind', key: (id: string) => id, read, dependsOn: () => ['thing'] };
  const ask = remembered<[id: string], string | null>(memory, {
    cache,
    isInTransaction: () => made.inTransaction,
    read: (_key, [id]) => read(id),
  });
  return Object.assign(made, { ask });
}

describe('remembered', () => {
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
    expect([await ask.anew('a'), await ask('a')]).toEqual(['changed', 'changed']);
  });

  it('DB-07: inside a transaction reads each time, and keeps nothing that only the transaction sees', async () => {
    const inside = scene();
    inside.inTransaction = true;
    await inside.ask('a');
    await inside.ask.anew('a');
    inside.inTransaction = false;
    await inside.ask('a');
    expect(inside.read).toHaveBeenCalledTimes(3);
  });

  it('refuses a question with a part that is missing', async () => {
    await expect(scene().ask(undefined as never)).rejects.toThrow(TypeError);
  });
});
