import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { characterCount, decodeStrictUtf8, isStorableJson, isStorableText } from './text.js';

describe('isStorableText', () => {
  it.each(['', 'a', 'é', '日本', '😀', '\ufeffa', '\u0001', '\uffff'])('IV-04: %j can be stored', (text) => {
    expect(isStorableText(text)).toBe(true);
  });

  it.each(['a\u0000b', '\u0000', '\ud800', 'a\udc00', '\ude00\ud83d', 1, null, undefined, ['a'], {}])(
    'IV-04: %j cannot',
    (value) => {
      expect(isStorableText(value)).toBe(false);
    },
  );
});

describe('isStorableJson', () => {
  it.each([null, 1, true, 'a', [], {}, { a: [{ b: '日本' }] }])('IV-04: %j can be stored', (value) => {
    expect(isStorableJson(value)).toBe(true);
  });

  it.each(['\u0000', ['a', '\ud800'], { a: { b: ['\u0000'] } }, { '\u0000': 1 }, [{ a: { '\udc00': 1 } }]])(
    'IV-04: %j cannot, however deep the text lies',
    (value) => {
      expect(isStorableJson(value)).toBe(false);
    },
  );
});

describe('characterCount', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['日本', 2],
    ['😀', 1],
    ['e\u0301', 2],
    ['\ud800a', 2],
  ])('%j has %d', (text, count) => {
    expect(characterCount(text)).toBe(count);
  });

  it('counts as iteration does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(characterCount(text)).toBe([...text].length);
      }),
    );
  });
});

describe('decodeStrictUtf8', () => {
  it('keeps a byte-order mark and every other character', () => {
    expect(decodeStrictUtf8(Buffer.from('\ufeffé\u0000😀'))).toBe('\ufeffé\u0000😀');
    expect(decodeStrictUtf8(Buffer.alloc(0))).toBe('');
  });

  it.each(['c328', 'ff', 'eda080', 'c080', 'f8a1a1a1a1', 'e697', 'f4908080', 'feff0041'])(
    'IV-04: the bytes %s are not UTF-8',
    (hex) => {
      expect(decodeStrictUtf8(Buffer.from(hex, 'hex'))).toBeNull();
    },
  );

  it('agrees with a fatal TextDecoder on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
        let expected: string | null = null;
        try {
          expected = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
        } catch {
          // not UTF-8
        }
        expect(decodeStrictUtf8(Buffer.from(bytes))).toBe(expected);
      }),
    );
  });
});
