import type { IncomingMessage } from 'node:http';
import { isUuid } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import { requestIdOf } from './request-id.js';

function given(value: string | string[] | undefined): IncomingMessage {
  return { headers: { 'x-request-id': value } } as unknown as IncomingMessage;
}

describe('requestIdOf', () => {
  it.each(['abcdefgh', '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b', 'trace_1.2-3', 'a'.repeat(64)])(
    'keeps %p',
    (id) => {
      expect(requestIdOf(given(id))).toBe(id);
    },
  );

  it.each([
    undefined,
    '',
    'short12',
    'a'.repeat(65),
    'with blank',
    'line\r\nbreak',
    'tab\tinside',
    '{"json":1}',
    '<script>alert(1)</script>',
    'quote"inside',
    'umlaut-äöü',
    'one-id-12, two-id-12',
    ['abcdefgh'],
  ])('makes one of its own in place of %p', (value) => {
    const made = requestIdOf(given(value));
    expect(isUuid(made)).toBe(true);
    expect(requestIdOf(given(value))).not.toBe(made);
  });
});
