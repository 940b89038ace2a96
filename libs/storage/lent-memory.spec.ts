import { describe, expect, it } from '@jest/globals';

import { LentMemory } from './lent-memory.js';

describe('memory that bodies share', () => {
  it('is one body’s until it is given back, and then the next one’s', () => {
    const memory = new LentMemory(8, 4);
    const [one, other] = [memory.lend(), memory.lend()];
    expect([one.buffer.length, one.buffer.buffer === other.buffer.buffer]).toEqual([8, false]);
    one.giveBack();
    expect(memory.lend().buffer).toBe(one.buffer);
  });

  it('has one owner, though it is given back twice', () => {
    const memory = new LentMemory(8, 4);
    const loan = memory.lend();
    loan.giveBack();
    const next = memory.lend();
    loan.giveBack();
    expect(memory.lend().buffer).not.toBe(next.buffer);
  });

  it('keeps no more for later than it may', () => {
    const memory = new LentMemory(8, 1);
    const [kept, dropped] = [memory.lend(), memory.lend()];
    kept.giveBack();
    dropped.giveBack();
    expect([memory.lend().buffer, memory.lend().buffer]).toEqual([kept.buffer, expect.any(Buffer)]);
    expect(memory.lend().buffer).not.toBe(dropped.buffer);
  });
});
