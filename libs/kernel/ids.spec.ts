import { describe, expect, it } from '@jest/globals';
import { assert, property, uint8Array, uuid } from 'fast-check';
import { isUuid, uuidFromBytes, uuidToBytes } from './ids.js';

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
