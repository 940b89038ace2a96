import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CodedError, CommonErrors } from '#kernel';
import { MAX_JSON_DEPTH, parseJsonBody } from './json-body.js';

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

function refusal(body: Buffer): CodedError {
  try {
    parseJsonBody(body);
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('parseJsonBody', () => {
  it.each<[string, unknown]>([
    ['{"a":[1,"é",null]}', { a: [1, 'é', null] }],
    ['\ufeff{"a":1}', { a: 1 }],
    [' [] ', []],
    ['null', null],
    ['"s"', 's'],
    ['1', 1],
    ['[{}]', [{}]],
    ['{"constructor":"Ferrari","prototype":1}', { constructor: 'Ferrari', prototype: 1 }],
    ['{"a":"\\u0000"}', { a: '\u0000' }],
    ['"[[\\"[["', '[["[['],
  ])('IV-03: reads %j as whatever it is', (text, value) => {
    expect(parseJsonBody(Buffer.from(text))).toEqual(value);
  });

  it('IV-13: brackets inside a string are no levels, after escaped quotes and backslashes too', () => {
    for (const start of ['', '"', '\\', '\\"', '"\\']) {
      const value = { a: start + '['.repeat(100), b: start + '{'.repeat(100) };
      expect(parseJsonBody(Buffer.from(JSON.stringify(value)))).toEqual(value);
    }
  });

  it.each([
    ['', 'body: empty, where JSON was expected.'],
    [' \r\n', 'body: empty, where JSON was expected.'],
    ['\ufeff', 'body: empty, where JSON was expected.'],
    ['{', 'body: not valid JSON.'],
    ['{"a":1,}', 'body: not valid JSON.'],
    ["{'a':1}", 'body: not valid JSON.'],
    ['{"a":1} x', 'body: not valid JSON.'],
    ['NaN', 'body: not valid JSON.'],
    ['undefined', 'body: not valid JSON.'],
    ['\u0000', 'body: not valid JSON.'],
    ['\ufeff\ufeff{}', 'body: not valid JSON.'],
    [']'.repeat(100), 'body: not valid JSON.'],
    ['"\\', 'body: not valid JSON.'],
  ])('IV-03: refuses %j with 400: %s', (text, message) => {
    const error = refusal(Buffer.from(text));
    expect(error.kind).toBe(CommonErrors.unparsable);
    expect(error.message).toBe(message);
  });

  it.each(['7b2261223a22c328227d', 'ff', '22eda08022', 'fffe7b007d00', 'feff007b007d'])(
    'IV-04: refuses the bytes %s, which are not UTF-8',
    (hex) => {
      expect(refusal(Buffer.from(hex, 'hex')).message).toBe('body: not valid UTF-8.');
    },
  );

  it.each([
    '{"__proto__":{"a":1}}',
    '{"__proto__":null}',
    '{"x":[{"y":{"__proto__":{"a":1}}}]}',
    '{"\\u005f\\u005fproto__":{"a":1}}',
    '{"__proto__" \n :{"a":1}}',
    '{"constructor":{"prototype":{"a":1}}}',
    '[{"constructor":{"prototype":null}}]',
  ])('IV-01: refuses %s and leaves every object as it was', (text) => {
    expect(refusal(Buffer.from(text)).message).toBe(
      'body: a property named __proto__ or constructor.prototype is refused.',
    );
    expect(Object.prototype).not.toHaveProperty('a');
  });

  it('IV-13: takes 64 levels and refuses the 65th, or a million, by name', () => {
    expect(() => parseJsonBody(Buffer.from(nested(MAX_JSON_DEPTH)))).not.toThrow();
    expect(refusal(Buffer.from(nested(MAX_JSON_DEPTH + 1))).message).toBe(
      'body: nested deeper than 64 levels.',
    );
    expect(refusal(Buffer.from('{"a":'.repeat(1_000_000))).message).toBe(
      'body: nested deeper than 64 levels.',
    );
  });

  it('IV-12: a string of 8 MB is read without exhausting a stack', () => {
    const long = 'a\\'.repeat(4_000_000);
    expect(parseJsonBody(Buffer.from(JSON.stringify(long)))).toBe(long);
  });

  it('DL-13: neither the error nor its cause quotes the body', () => {
    const error = refusal(Buffer.from('{"password": hunter2}'));
    expect(error.message).not.toContain('hunter2');
    expect(error.cause).toBeUndefined();
  });

  it('reads back every JSON value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        fc.pre(!text.includes('__proto__') && !text.includes('constructor'));
        expect(parseJsonBody(Buffer.from(text))).toEqual(JSON.parse(text));
      }),
    );
  });
});
