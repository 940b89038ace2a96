import { CodedError, CommonErrors } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import { assert, dictionary, jsonValue, property, string } from 'fast-check';
import { assertMetadata, METADATA_LIMIT, parseMetadata } from './source-metadata.js';

const plainText = () => string({ unit: 'grapheme' }).filter((text) => !text.includes('\u0000'));

function expectRefused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(CodedError.is(error, CommonErrors.invalid)).toBe(true);
    expect((error as CodedError).fields['errors']).toMatchObject([{ field: 'metadata', code: 'invalid' }]);
    return;
  }
  throw new Error('The metadata was taken.');
}

/** `{"a":"xx…"}` of exactly this many bytes. */
function sized(bytes: number): Record<string, unknown> {
  return { a: 'x'.repeat(bytes - '{"a":""}'.length) };
}

describe('assertMetadata', () => {
  it('IV-15: gives back what it was given', () => {
    const metadata = { project: 'apollo', nested: { list: [1, null, true, 'Größe 📄'] } };
    expect(assertMetadata(metadata)).toBe(metadata);
    assert(
      property(dictionary(plainText(), jsonValue({ stringUnit: 'grapheme-ascii' })), (value) => {
        expect(assertMetadata(value)).toBe(value);
      }),
    );
  });

  it.each([
    { a: 'x\u0000' },
    { 'a\u0000': 'x' },
    { a: '\ud800' },
    { '\udfff': 1 },
    { a: [{ b: ['x\u0000'] }] },
  ])('IV-04: refuses %j, which PostgreSQL cannot hold', (metadata) => {
    expectRefused(() => assertMetadata(metadata));
  });

  it('IV-13: takes 64 KiB and not a byte more, counted as UTF-8', () => {
    expect(assertMetadata(sized(METADATA_LIMIT))).toBeDefined();
    expectRefused(() => assertMetadata(sized(METADATA_LIMIT + 1)));
    expectRefused(() => assertMetadata({ a: 'é'.repeat(METADATA_LIMIT / 2) }));
  });
});

describe('parseMetadata', () => {
  it('reads a JSON object', () => {
    expect(parseMetadata(' {"project":"apollo","n":1.5} ')).toEqual({ project: 'apollo', n: 1.5 });
    expect(parseMetadata('{}')).toEqual({});
  });

  it.each([
    '',
    ' ',
    'project=apollo',
    '[]',
    'null',
    '"text"',
    '7',
    '{',
    '{"a":1}}',
    "{'a':1}",
    '{"a":"\\u0000"}',
    '{"a":"\\ud800"}',
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    `{"a":${'['.repeat(100)}${']'.repeat(100)}}`,
  ])('IV-01, IV-13: refuses %p', (text) => {
    expectRefused(() => parseMetadata(text));
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
