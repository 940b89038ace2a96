import { describe, expect, it } from '@jest/globals';

import { RecentMap } from './recent-map.js';

describe('RecentMap', () => {
  it('keeps so many entries at most, and of those what was used last', () => {
    const map = new RecentMap<{ made: number }>(3);
    let made = 0;
    const use = (key: string): number => map.use(key, () => ({ made: (made += 1) })).made;
    for (const key of ['a', 'b', 'c']) use(key);
    expect(use('a')).toBe(1);
    expect(use('d')).toBe(4);
    expect(map.size).toBe(3);
    expect([use('a'), use('c'), use('d')]).toEqual([1, 3, 4]);
    expect(use('b')).toBe(5);
  });
});
