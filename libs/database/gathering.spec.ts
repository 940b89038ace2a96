import { describe, expect, it, jest } from '@jest/globals';

import { Gathering } from './gathering.js';

/** Exchanges that end when the test says so. */
class Exchanges {
  readonly made: { key: string; items: readonly string[]; answer: (results: readonly string[]) => void }[] =
    [];
  isBusy = false;
  idleMs = 0;
  readonly gathering = new Gathering<string, string>(
    (key, items) => new Promise((answer) => this.made.push({ key, items, answer })),
    { isBusy: () => this.isBusy, idleMs: () => this.idleMs },
  );

  /** Answers the exchange with that number: each item in capitals. */
  answer(number: number): void {
    const exchange = this.made[number];
    exchange?.answer(exchange.items.map((item) => item.toUpperCase()));
  }

  itemsOf(): (readonly string[])[] {
    return this.made.map(({ items }) => items);
  }
}

/** Lets everything happen that waits for nothing but its turn. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A busy process in which an exchange has just ended: whoever comes now follows it at once. */
async function busyAfterOne(): Promise<{ exchanges: Exchanges; calls: Promise<string>[] }> {
  const exchanges = new Exchanges();
  exchanges.isBusy = true;
  const calls = [exchanges.gathering.call('key', 'a')];
  await turns();
  exchanges.answer(0);
  return { exchanges, calls };
}

describe('Gathering', () => {
  it('makes one exchange of the calls of a turn, and answers each with its own result', async () => {
    const exchanges = new Exchanges();
    const calls = ['a', 'b', 'c'].map((item) => exchanges.gathering.call('key', item));
    await turns();
    exchanges.answer(0);
    await expect(Promise.all(calls)).resolves.toEqual(['A', 'B', 'C']);
    expect(exchanges.itemsOf()).toEqual([['a', 'b', 'c']]);
  });

  it('gathers while an exchange is under way, and never adds a call to one that has begun', async () => {
    const exchanges = new Exchanges();
    const calls: Promise<string>[] = [];
    for (const item of ['a', 'a', 'b']) {
      calls.push(exchanges.gathering.call('key', item));
      await turns();
    }
    expect(exchanges.itemsOf()).toEqual([['a']]);
    exchanges.answer(0);
    await turns();
    expect(exchanges.itemsOf()).toEqual([['a'], ['a', 'b']]);
    exchanges.answer(1);
    await expect(Promise.all(calls)).resolves.toEqual(['A', 'A', 'B']);
  });

  it('does not wait for an exchange that hangs', async () => {
    const exchanges = new Exchanges();
    const hanging = exchanges.gathering.call('key', 'a');
    await turns();
    const second = exchanges.gathering.call('key', 'b');
    while (exchanges.made.length < 2) await turns();
    exchanges.answer(1);
    await expect(second).resolves.toBe('B');
    const third = exchanges.gathering.call('key', 'c');
    await turns();
    exchanges.answer(2);
    await expect(third).resolves.toBe('C');
    exchanges.answer(0);
    await expect(hanging).resolves.toBe('A');
  });

  it('waits for company for a moment in a busy process, and after that for nobody', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    try {
      const { exchanges, calls } = await busyAfterOne();
      for (const item of ['b', 'c']) {
        calls.push(exchanges.gathering.call('key', item));
        await turns();
      }
      expect(exchanges.itemsOf()).toEqual([['a']]);
      await jest.advanceTimersByTimeAsync(10);
      expect(exchanges.itemsOf()).toEqual([['a'], ['b', 'c']]);
      exchanges.answer(1);
      await jest.advanceTimersByTimeAsync(1_000);
      calls.push(exchanges.gathering.call('key', 'd'));
      await turns();
      expect(exchanges.itemsOf()).toEqual([['a'], ['b', 'c'], ['d']]);
      exchanges.answer(2);
      await expect(Promise.all(calls)).resolves.toEqual(['A', 'B', 'C', 'D']);
    } finally {
      jest.useRealTimers();
    }
  });

  it('waits for nobody once there is nothing else to do', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    try {
      const exchanges = new Exchanges();
      exchanges.isBusy = true;
      const calls = [exchanges.gathering.call('key', 'a')];
      await turns();
      calls.push(exchanges.gathering.call('key', 'b'));
      exchanges.answer(0);
      await jest.advanceTimersByTimeAsync(2);
      expect(exchanges.itemsOf()).toEqual([['a']]);
      exchanges.idleMs += 1;
      await jest.advanceTimersByTimeAsync(1);
      expect(exchanges.itemsOf()).toEqual([['a'], ['b']]);
      exchanges.answer(1);
      await expect(Promise.all(calls)).resolves.toEqual(['A', 'B']);
    } finally {
      jest.useRealTimers();
    }
  });

  it('does not wait in a busy process where so many have come that more would not help', async () => {
    const exchanges = new Exchanges();
    exchanges.isBusy = true;
    const calls = [exchanges.gathering.call('key', 'a')];
    await turns();
    for (let more = 0; more < 40; more += 1) calls.push(exchanges.gathering.call('key', 'b'));
    exchanges.answer(0);
    await turns();
    expect(exchanges.itemsOf().map(({ length }) => length)).toEqual([1, 40]);
    exchanges.answer(1);
    await expect(Promise.all(calls)).resolves.toHaveLength(41);
  });

  it('waits no longer for company once enough of it has come', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    try {
      const { exchanges, calls } = await busyAfterOne();
      for (let more = 0; more < 15; more += 1) calls.push(exchanges.gathering.call('key', 'b'));
      await turns();
      expect(exchanges.made).toHaveLength(1);
      calls.push(exchanges.gathering.call('key', 'c'), exchanges.gathering.call('key', 'd'));
      await turns();
      expect(exchanges.itemsOf().map(({ length }) => length)).toEqual([1, 17]);
      // What was to look whether there is anything else to do does not begin another one.
      calls.push(exchanges.gathering.call('key', 'e'));
      await jest.advanceTimersByTimeAsync(5);
      expect(exchanges.made).toHaveLength(2);
      exchanges.answer(1);
      await jest.advanceTimersByTimeAsync(20);
      exchanges.answer(2);
      await expect(Promise.all(calls)).resolves.toHaveLength(19);
    } finally {
      jest.useRealTimers();
    }
  });

  it('keeps keys apart', async () => {
    const exchanges = new Exchanges();
    const calls = ['one', 'two'].map((key) => exchanges.gathering.call(key, key));
    await turns();
    expect(exchanges.made.map(({ key, items }) => [key, ...items])).toEqual([
      ['one', 'one'],
      ['two', 'two'],
    ]);
    exchanges.answer(0);
    exchanges.answer(1);
    await expect(Promise.all(calls)).resolves.toEqual(['ONE', 'TWO']);
  });

  it('takes 64 calls into one exchange at most', async () => {
    const exchanges = new Exchanges();
    const calls = Array.from({ length: 65 }, (_, index) => exchanges.gathering.call('key', `n${index}`));
    await turns();
    exchanges.answer(0);
    await turns();
    exchanges.answer(1);
    await expect(Promise.all(calls)).resolves.toHaveLength(65);
    expect(exchanges.itemsOf().map(({ length }) => length)).toEqual([64, 1]);
  });

  it('fails all calls of an exchange that fails, and none of the next', async () => {
    let isDown = true;
    const gathering = new Gathering<string, string>(async (_key, items) => {
      if (isDown) throw new Error('down');
      return items;
    });
    const failed = await Promise.allSettled([gathering.call('key', 'a'), gathering.call('key', 'b')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isDown = false;
    await expect(gathering.call('key', 'c')).resolves.toBe('c');
  });

  it('fails the calls of an exchange that answers fewer results than it got items', async () => {
    const gathering = new Gathering<string, string>(async () => ['only']);
    const failed = await Promise.allSettled([gathering.call('key', 'a'), gathering.call('key', 'b')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
