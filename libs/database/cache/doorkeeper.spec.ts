import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { Doorkeeper } from './doorkeeper.js';

describe('Doorkeeper', () => {
  let doorkeeper: Doorkeeper;

  beforeEach(() => {
    doorkeeper = new Doorkeeper();
  });

  it('has seen a key from the second time on', () => {
    expect([1, 2, 3].map(() => doorkeeper.hasSeen('acme default 1'))).toEqual([false, true, true]);
  });

  it('remembers a key while some thousands of others pass by, and forgets it at last', () => {
    doorkeeper.hasSeen('acme default 1');
    for (let number = 0; number < 10_000; number += 1) doorkeeper.hasSeen(`other ${number}`);
    expect(doorkeeper.hasSeen('acme default 1')).toBe(true);
    for (let number = 0; number < 50_000; number += 1) doorkeeper.hasSeen(`another ${number}`);
    expect(doorkeeper.hasSeen('acme default 1')).toBe(false);
  });

  it('takes few keys for others', () => {
    let mistaken = 0;
    for (let number = 0; number < 100_000; number += 1) {
      if (doorkeeper.hasSeen(`acme default ${randomUUID()}`)) mistaken += 1;
    }
    expect(mistaken).toBeLessThan(6_000);
  });
});
