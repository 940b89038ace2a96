import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Secret } from './secret.js';

const VALUE = 'correct-horse-battery-staple';
const secret = new Secret(VALUE);

function printed(...values: unknown[]): string {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString('utf8');
      done();
    },
  });
  new Console({ stdout: stream, stderr: stream }).log(...values);
  return text;
}

describe('Secret', () => {
  it('gives its value to whoever asks for it by name', () => {
    expect(secret.reveal()).toBe(VALUE);
    const bytes = Buffer.from([1, 2, 3]);
    expect(new Secret(bytes).reveal()).toBe(bytes);
  });

  it.each<[string, () => string]>([
    ['String()', () => String(secret)],
    ['a template', () => `a ${secret as unknown as string}`],
    ['concatenation', () => 'a ' + (secret as unknown as string)],
    ['JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['toLocaleString', () => secret.toLocaleString()],
    ['inspect', () => inspect(secret, { depth: null, showHidden: true })],
    [
      'inspect of what holds it',
      () => inspect({ a: { b: [secret, new Map([[secret, secret]])] } }, { depth: null }),
    ],
    ['%s', () => format('%s', secret)],
    ['%o', () => format('%o', secret)],
    ['%O', () => format('%O', secret)],
    ['%j', () => format('%j', secret)],
    ['%d', () => format('%d', secret)],
    ['console.log', () => printed(secret, { secret }, [secret])],
    ['console.log with a format', () => printed('%s %o %O %j', secret, secret, secret, secret)],
    ['a copy', () => JSON.stringify({ ...secret }) + inspect(Object.assign({}, secret))],
    ['its keys', () => JSON.stringify([Object.entries(secret), Reflect.ownKeys(secret).map(String)])],
    ['a structured clone', () => inspect(structuredClone(secret))],
    ['an error that quotes it', () => inspect(new Error(`bad: ${String(secret)}`, { cause: secret }))],
  ])('is not shown by %s', (_name, print) => {
    expect(print()).not.toContain(VALUE);
  });

  it('does not tell its length', () => {
    expect(String(new Secret('a'))).toBe(String(new Secret('a'.repeat(100))));
  });
});
