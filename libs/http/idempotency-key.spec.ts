import { describe, expect, it } from '@jest/globals';
import { assert, property, string, stringMatching } from 'fast-check';
import { IdempotencyErrors, parseIdempotencyKey } from './idempotency-key.js';

const MALFORMED = expect.objectContaining({ kind: IdempotencyErrors.kinds.malformed });

describe('parseIdempotencyKey', () => {
  it('finds no key where there is no field', () => {
    expect(parseIdempotencyKey(undefined)).toBeNull();
  });

  it('takes 1 to 255 visible ASCII characters as they are', () => {
    assert(
      property(stringMatching(/^[!#-~][!-~]{0,254}$/), (key) => {
        expect(parseIdempotencyKey(key)).toBe(key);
      }),
    );
  });

  it('takes the same in quotes, escaped as RFC 8941 has it, for the same key', () => {
    assert(
      property(stringMatching(/^[!-~]{1,255}$/), (key) => {
        expect(parseIdempotencyKey(`"${key.replace(/["\\]/g, '\\$&')}"`)).toBe(key);
      }),
    );
  });

  it('reads what is written, or refuses it as malformed, and never ends in anything else', () => {
    assert(
      property(string({ unit: 'binary-ascii', maxLength: 300 }), (text) => {
        try {
          expect(parseIdempotencyKey(text)).toMatch(/^[!-~]{1,255}$/);
        } catch (error) {
          expect(error).toEqual(MALFORMED);
        }
      }),
    );
  });

  it.each([
    '',
    ' ',
    'a b',
    ' a',
    'a\u0000',
    'a\u007f',
    'é',
    'k'.repeat(256),
    `"${'k'.repeat(256)}"`,
    '"',
    '""',
    '"a',
    '"a"b',
    '"a" ',
    '"a b"',
    '"a";p=1',
    '"a\\b"',
    '"a\\"',
    'a, b',
    '"a", "b"',
  ])('refuses %j', (text) => {
    expect(() => parseIdempotencyKey(text)).toThrow(MALFORMED);
  });

  it('refuses a field that came twice, even with the same key', () => {
    expect(() => parseIdempotencyKey(['a', 'a'])).toThrow(MALFORMED);
  });
});
