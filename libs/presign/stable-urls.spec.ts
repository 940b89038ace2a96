import { describe, expect, it } from '@jest/globals';
import { assert, integer, property } from 'fast-check';

import { StableUrls } from './stable-urls.js';

const NOW = 1_896_091_200;

describe('StableUrls', () => {
  it('counts from the beginning of the window', () => {
    const urls = new StableUrls(300);
    expect([NOW, NOW + 1, NOW + 299, NOW + 300].map((now) => urls.startOf(now, 3600))).toEqual([
      NOW,
      NOW,
      NOW,
      NOW + 300,
    ]);
  });

  it.each([0, 1])('makes each second a window of its own when it is %i s', (window) => {
    expect(new StableUrls(window).startOf(NOW + 7, 3600)).toBe(NOW + 7);
  });

  it('leaves at least half of every life, whatever the window', () => {
    assert(
      property(
        integer({ min: 0, max: 86_400 }),
        integer({ min: NOW, max: NOW + 1_000_000 }),
        integer({ min: 1, max: 604_800 }),
        (window, now, life) => {
          const start = new StableUrls(window).startOf(now, life);
          expect(start).toBeLessThanOrEqual(now);
          expect(start + life - now).toBeGreaterThanOrEqual(life / 2);
        },
      ),
    );
  });
});
