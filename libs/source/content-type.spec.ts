import { describe, expect, it } from '@jest/globals';
import { assert, property, string } from 'fast-check';
import { contentTypeOf } from './content-type.js';

describe('contentTypeOf', () => {
  it.each([
    ['application/pdf', 'x.txt', 'application/pdf'],
    ['Text/HTML; Charset=UTF-8', 'x', 'text/html; charset=UTF-8'],
    ['text/plain', 'x.pdf', 'text/plain'],
  ])('believes the declared type %p of %p', (declared, name, expected) => {
    expect(contentTypeOf(declared, name).toLowerCase()).toBe(expected.toLowerCase());
  });

  it.each([undefined, '', 'application/octet-stream', 'application/x-www-form-urlencoded'])(
    'guesses from the name when %p says nothing',
    (declared) => {
      expect(contentTypeOf(declared, 'report.pdf')).toBe('application/pdf');
      expect(contentTypeOf(declared, 'REPORT.PDF')).toBe('application/pdf');
      expect(contentTypeOf(declared, 'notes.tar.gz')).toBe('application/gzip');
      expect(contentTypeOf(declared, 'größe.txt')).toBe('text/plain');
    },
  );

  it.each([
    '',
    'x',
    'x.',
    '.',
    'pdf',
    'x.nothing-known',
    'constructor',
    'x.constructor',
    'x.__proto__',
    'x.toString',
  ])('knows nothing of the name %p', (name) => {
    expect(contentTypeOf(undefined, name)).toBe('application/octet-stream');
  });

  it('DL-05: never answers what could not be sent as a header', () => {
    assert(
      property(string({ unit: 'binary' }), string({ unit: 'binary' }), (declared, name) => {
        expect(contentTypeOf(declared, name)).toMatch(/^[\x20-\x7e]+$/);
        expect(contentTypeOf(declared, name)).toContain('/');
      }),
    );
    for (const declared of ['text/html\r\nX: 1', '*/*', 'a'.repeat(5_000), 'text', '/', 'text/'])
      expect(contentTypeOf(declared, 'x.pdf')).toMatch(/^[\x20-\x7e]{3,300}$/);
  });
});
