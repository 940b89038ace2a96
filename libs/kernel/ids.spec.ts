import { describe, expect, it } from '@jest/globals';
import { assert, integer, property, uint8Array, uuid } from 'fast-check';
import { isUuid, newUuid, uuidFromBytes, uuidToBytes } from './ids.js';

const MOST_MS = 2 ** 48 - 1;

describe('isUuid', () => {
  it('takes every version, in either case', () => {
    assert(property(uuid(), (id) => isUuid(id) && isUuid(id.toUpperCase())));
    expect(isUuid('00000000-0000-0000-0000-000000000000')).toBe(true);
    expect(isUuid('ffffffff-ffff-ffff-ffff-ffffffffffff')).toBe(true);
  });

  it.each([
    '',
    'a',
    '018f2a3c5b1e7c3d8a9b0c1d2e3f4a5b',
    '{018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b}',
    'urn:uuid:018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
    '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b\n',
    ' 018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
    '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5g',
    '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5',
    '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b0',
    '０18f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  ])('refuses %p', (text) => {
    expect(isUuid(text)).toBe(false);
  });
});

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
});

describe('uuidToBytes and uuidFromBytes', () => {
  it('undo each other', () => {
    assert(property(uuid(), (id) => uuidFromBytes(uuidToBytes(id)) === id));
    assert(
      property(uint8Array({ minLength: 16, maxLength: 16 }), (bytes) =>
        uuidToBytes(uuidFromBytes(Buffer.from(bytes))).equals(bytes),
      ),
    );
  });

  it('read upper case as lower case', () => {
    assert(property(uuid(), (id) => uuidFromBytes(uuidToBytes(id.toUpperCase())) === id));
  });
});
