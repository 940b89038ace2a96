import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { ByteBudget } from './byte-budget.js';

const WAIT_MS = 1000;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** Reserves and tells when, under a name, in a shared list. */
function reserve(budget: ByteBudget, bytes: number, name: string, order: string[]): Promise<() => void> {
  return budget.reserve(bytes).then((release) => {
    order.push(name);
    return release;
  });
}

/** Lets everything that is settled be seen. */
const settle = (): Promise<void> => jest.advanceTimersByTimeAsync(0).then(() => undefined);

describe('a byte budget', () => {
  it('admits up to its capacity at once', async () => {
    const order: string[] = [];
    const budget = new ByteBudget(10, WAIT_MS);
    await Promise.all([
      reserve(budget, 4, 'a', order),
      reserve(budget, 6, 'b', order),
      reserve(budget, 0, 'c', order),
    ]);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('makes the byte beyond it wait until enough is given back', async () => {
    const order: string[] = [];
    const budget = new ByteBudget(10, WAIT_MS);
    const [four, six] = [await budget.reserve(4), await budget.reserve(6)];
    void reserve(budget, 5, 'waits', order);
    four();
    await settle();
    expect(order).toEqual([]);
    six();
    await settle();
    expect(order).toEqual(['waits']);
  });

  it('admits one reservation above the capacity when it is alone, and nothing beside it', async () => {
    const order: string[] = [];
    const budget = new ByteBudget(10, WAIT_MS);
    const huge = await budget.reserve(1000);
    void reserve(budget, 1, 'small', order);
    await settle();
    expect(order).toEqual([]);
    huge();
    await settle();
    expect(order).toEqual(['small']);
  });

  it('admits first come, first served: a small one does not overtake a large one', async () => {
    const order: string[] = [];
    const budget = new ByteBudget(10, WAIT_MS);
    const first = await budget.reserve(8);
    const large = reserve(budget, 9, 'large', order);
    void reserve(budget, 1, 'small', order);
    await settle();
    expect(order).toEqual([]);
    first();
    await settle();
    expect(order).toEqual(['large', 'small']);
    (await large)();
  });

  it('turns away who waited too long, with 503 and when to come back', async () => {
    const budget = new ByteBudget(10, WAIT_MS);
    const held = await budget.reserve(10);
    const refused = budget.reserve(1).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(WAIT_MS);
    expect(await refused).toMatchObject({ kind: { code: 'unavailable', status: 503 }, retryAfterSeconds: 1 });
    held();
    await expect(budget.reserve(10)).resolves.toBeInstanceOf(Function);
  });

  it('admits who stood behind one that was turned away', async () => {
    const order: string[] = [];
    const budget = new ByteBudget(10, WAIT_MS);
    await budget.reserve(5);
    const refused = budget.reserve(6).catch((error: unknown) => error);
    await jest.advanceTimersByTimeAsync(WAIT_MS / 2);
    void reserve(budget, 5, 'behind', order);
    await jest.advanceTimersByTimeAsync(WAIT_MS / 2);
    expect(await refused).toMatchObject({ kind: { status: 503 } });
    await settle();
    expect(order).toEqual(['behind']);
  });

  it('does not turn away who was admitted in time', async () => {
    const budget = new ByteBudget(10, WAIT_MS);
    const held = await budget.reserve(10);
    const waiting = budget.reserve(10);
    await jest.advanceTimersByTimeAsync(WAIT_MS - 1);
    held();
    await expect(waiting).resolves.toBeInstanceOf(Function);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('takes a reservation back once, however often it is given back', async () => {
    const order: string[] = [];
    const budget = new ByteBudget(10, WAIT_MS);
    const [one] = [await budget.reserve(5), await budget.reserve(5)];
    one();
    one();
    one();
    await budget.reserve(5);
    void reserve(budget, 5, 'too much', order);
    await settle();
    expect(order).toEqual([]);
  });
});
