import { describe, expect, it } from '@jest/globals';
import { assert, integer, property, string, tuple, uint8Array } from 'fast-check';
import { createHmac, createSecretKey } from 'node:crypto';

import { ShortMac } from './short-mac.js';

const bytes = (minLength: number, maxLength: number) => uint8Array({ minLength, maxLength });
const messages = integer({ min: 1, max: 200 }).chain((length) =>
  tuple(bytes(length, length), bytes(length, length)),
);

describe('a MAC of short messages', () => {
  it('RFC 2104: is the HMAC-SHA-256 of what the messages begin with and each of them', () => {
    const isHmac = property(bytes(1, 64), string(), messages, (keyBytes, beginning, [one, other]) => {
      const key = createSecretKey(keyBytes);
      const mac = new ShortMac(key, beginning, one.length);
      for (const message of [one, other, one]) {
        const target = Buffer.alloc(40, 1);
        mac.message.set(message);
        mac.writeTo(target, 3);
        const expected = createHmac('sha256', key).update(beginning).update(message).digest();
        expect(target).toEqual(Buffer.concat([Buffer.alloc(3, 1), expected, Buffer.alloc(5, 1)]));
      }
    });
    assert(isHmac);
  });

  it('refuses a key that is longer than a block', () => {
    expect(() => new ShortMac(createSecretKey(Buffer.alloc(65)), '', 1)).toThrow(RangeError);
  });
});
