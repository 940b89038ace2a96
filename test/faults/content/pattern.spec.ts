import { describe, expect, it } from '@jest/globals';

import { firstDifference, ownerCodesIn, patternBytes, sha256 } from './pattern.js';

const content = { run: 'seed', ownerCode: 3, write: 17, sizeBytes: 5 * 1024 * 1024 + 1 };

describe('the pattern of a content', () => {
  it('has every byte say whose it is', () => {
    expect(ownerCodesIn(patternBytes(content))).toEqual(new Set([3]));
    const mixed = Buffer.from(patternBytes(content));
    mixed[4_000_000] = patternBytes({ ...content, ownerCode: 4 }, 4_000_000, 4_000_001)[0] ?? 0;
    expect(ownerCodesIn(mixed)).toEqual(new Set([3, 4]));
  });

  it('has nobody own a hole', () => {
    const holed = Buffer.from(patternBytes(content));
    holed.fill(0, 100, 200);
    expect(ownerCodesIn(holed)).toEqual(new Set([0, 3]));
  });

  it.each([
    [0, 1],
    [15, 17],
    [16, 32],
    [1_048_570, 1_048_600],
    [5 * 1024 * 1024, 5 * 1024 * 1024 + 1],
  ])('is the same from %d to %d whether that part is made alone or the whole', (start, end) => {
    expect(patternBytes(content, start, end)).toEqual(patternBytes(content).subarray(start, end));
  });

  it('differs between runs, owners, writes and positions', () => {
    const others = [{ run: 'other' }, { ownerCode: 4 }, { write: 18 }].map((change) =>
      patternBytes({ ...content, ...change }, 0, 1_000),
    );
    const bytes = patternBytes(content, 0, 1_000);
    const all = [bytes, ...others, patternBytes(content, 1, 1_001), patternBytes(content, 16, 1_016)];
    expect(new Set(all.map(sha256)).size).toBe(all.length);
  });

  it('is empty for an empty content', () => {
    expect(patternBytes({ ...content, sizeBytes: 0 })).toHaveLength(0);
  });
});

describe('firstDifference', () => {
  it.each([
    ['abc', 'abc', -1],
    ['abc', 'abd', 2],
    ['abc', 'ab', 2],
    ['', 'a', 0],
    ['', '', -1],
  ])('of %p and %p is %d', (one, other, position) => {
    expect(firstDifference(Buffer.from(one), Buffer.from(other))).toBe(position);
  });
});
