import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_CONTENT_TYPE_LENGTH, normalizeContentType, UNKNOWN_CONTENT_TYPE } from './media-type.js';

describe('normalizeContentType', () => {
  it.each([
    ['text/plain', 'text/plain'],
    ['TEXT/Plain', 'text/plain'],
    ['text/plain;charset=UTF-8', 'text/plain; charset=utf-8'],
    ['text/plain ; Charset="utf-8"', 'text/plain; charset=utf-8'],
    ['text/plain;charset=utf-8;charset=utf-7', 'text/plain; charset=utf-8'],
    ['text/plain;', 'text/plain'],
    ['text/plain;; charset=a;', 'text/plain; charset=a'],
    ['\t text/plain\t', 'text/plain'],
    ['video/mp4; codecs="avc1.42E01E, mp4a.40.2"', 'video/mp4; codecs="avc1.42E01E, mp4a.40.2"'],
    ['multipart/related; boundary=AbC', 'multipart/related; boundary=AbC'],
    ['text/plain; x="a\\"b\\\\c"', 'text/plain; x="a\\"b\\\\c"'],
    ['image/svg+xml', 'image/svg+xml'],
    ['application/vnd.ms-excel.sheet.macroEnabled.12', 'application/vnd.ms-excel.sheet.macroenabled.12'],
  ])('DL-05: %j is kept as %j', (value, expected) => {
    expect(normalizeContentType(value)).toBe(expected);
  });

  it.each([
    undefined,
    '',
    ' ',
    '*/*',
    'text/*',
    'text',
    'text/',
    '/plain',
    'text/html/x',
    'text /html',
    'text/html, text/plain',
    'text/html\r\nX-Evil: 1',
    'text/html\n',
    'text/html\u0000',
    'text/html; charset',
    'text/html; charset=',
    'text/html; charset="utf-8',
    'text/html; charset= utf-8',
    'text/html; x="a\u0001"',
    'text/html; x="é"',
    'téxt/html',
    'text/html x',
    `text/${'a'.repeat(128)}`,
    `text/plain; x=${'a'.repeat(5_000)}`,
    'a'.repeat(5_000),
    'application/x y',
    '"text/html"',
  ])('DL-05: %j becomes application/octet-stream', (value) => {
    expect(normalizeContentType(value)).toBe(UNKNOWN_CONTENT_TYPE);
  });

  it('DL-05: whatever the text, it yields a bounded, printable value that stays as it is', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc
        .array(fc.constantFrom('text/a', ';', ' ', '=', '"', '\\', 'x', '\r\n', 'é'), { maxLength: 60 })
        .map((p) => p.join('')),
    );
    fc.assert(
      fc.property(anyText, (value) => {
        const once = normalizeContentType(value);
        expect(once).toMatch(/^[!-~]+\/[ -~]+$/);
        expect(once.length).toBeLessThanOrEqual(MAX_CONTENT_TYPE_LENGTH);
        expect(normalizeContentType(once)).toBe(once);
      }),
    );
  });
});
