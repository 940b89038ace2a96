import { describe, expect, it } from '@jest/globals';
import { assert, integer, property } from 'fast-check';
import { isUuid, uuidToBytes } from './ids.js';
import { newUuid } from './new-uuid.js';

const MOST_MS = 2 ** 48 - 1;

describe('newUuid', () => {
  it('makes a version 7 UUID of the RFC 9562 variant', () => {
    assert(
      property(integer({ min: 0, max: MOST_MS }), (ms) => {
        const id = newUuid(ms);
        return isUuid(id) && id[14] === '7' && '89ab'.includes(id[19] ?? '');
      }),
    );
  });

  it('begins with the time in milliseconds', () => {
    assert(
      property(integer({ min: 0, max: MOST_MS }), (ms) => uuidToBytes(newUuid(ms)).readUIntBE(0, 6) === ms),
    );
    expect(Math.abs(uuidToBytes(newUuid()).readUIntBE(0, 6) - Date.now())).toBeLessThan(1_000);
  });

  it('sorts later when it is made later, as text', () => {
    assert(
      property(integer({ min: 0, max: MOST_MS - 1 }), integer({ min: 1, max: 10 ** 9 }), (ms, later) => {
        return newUuid(ms) < newUuid(Math.min(ms + later, MOST_MS));
      }),
    );
  });

  it('never comes twice', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => newUuid(1))).size).toBe(10_000);
  });

  it('has random digits wherever neither time, version nor variant stand', () => {
    const ids = Array.from({ length: 2_000 }, () => newUuid(0));
    const digitsAt = (place: number) => new Set(ids.map((id) => id[place])).size;
    const counts = Array.from({ length: 36 }, (_, place) => digitsAt(place));
    const fixed = [...'00000000-0000-7'].map(() => 1);
    expect(counts).toEqual([
      ...fixed,
      16,
      16,
      16,
      1,
      4,
      16,
      16,
      16,
      1,
      ...Array.from({ length: 12 }, () => 16),
    ]);
  });
});
