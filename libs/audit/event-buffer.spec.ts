import { describe, expect, it } from '@jest/globals';

import { EventBuffer } from './event-buffer.js';

describe('EventBuffer', () => {
  it('gives everything back once, by log, in pieces and in order', () => {
    const buffer = new EventBuffer<number>(10);
    buffer.add('one', [1, 2]);
    buffer.add('other', [3]);
    buffer.add('one', [4]);
    expect(buffer.takeAll(2)).toEqual([
      ['one', [1, 2]],
      ['one', [4]],
      ['other', [3]],
    ]);
    expect(buffer.takeAll(2)).toEqual([]);
  });

  it('counts what does not fit, and loses it', () => {
    const buffer = new EventBuffer<number>(3);
    buffer.add('one', [1, 2]);
    buffer.add('other', [3, 4]);
    expect(buffer.dropped).toBe(2);
    buffer.add('other', [5]);
    expect(buffer.takeAll(9)).toEqual([
      ['one', [1, 2]],
      ['other', [5]],
    ]);
  });

  it('says beforehand whether some fit, and counts those that do not', () => {
    const buffer = new EventBuffer<number>(3);
    expect(buffer.admits(3)).toBe(true);
    buffer.add('one', [1, 2]);
    expect(buffer.admits(2)).toBe(false);
    expect(buffer.dropped).toBe(2);
    expect(buffer.admits(1)).toBe(true);
    expect(buffer.dropped).toBe(2);
  });
});
