import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { assert, property, string, uint8Array } from 'fast-check';
import { Sealer, SealBrokenError } from './sealer.js';
import { Secret } from './secret.js';

const KEY = Buffer.alloc(32, 7);
const PLAIN = Buffer.from('a signing key of 32 bytes, about');
const PLACE = 'signing-key:acme:1';
const sealer = new Sealer(new Secret(KEY));

describe('Sealer', () => {
  it('opens what it sealed, of any content and for any place', () => {
    assert(
      property(uint8Array(), string({ unit: 'grapheme' }), (bytes, place) => {
        expect(sealer.open(sealer.seal(Buffer.from(bytes), place), place).equals(bytes)).toBe(true);
      }),
    );
  });

  it('opens what another process with the same key sealed', () => {
    const other = new Sealer(new Secret(Buffer.from(KEY)));
    expect(other.open(sealer.seal(PLAIN, PLACE), PLACE)).toEqual(PLAIN);
    expect(other.fingerprint).toBe(sealer.fingerprint);
  });

  it('does not open under another key', () => {
    const other = new Sealer(new Secret(Buffer.alloc(32, 8)));
    expect(() => other.open(sealer.seal(PLAIN, PLACE), PLACE)).toThrow(SealBrokenError);
  });

  it.each(['signing-key:acme:2', 'signing-key:acme2:1', 'Signing-key:acme:1', '', `${PLACE} `])(
    'does not open for the place %p',
    (place) => {
      expect(() => sealer.open(sealer.seal(PLAIN, PLACE), place)).toThrow(SealBrokenError);
    },
  );

  it('does not open when any bit of it was turned', () => {
    const sealed = sealer.seal(PLAIN, PLACE);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => sealer.open(changed, PLACE)).toThrow(SealBrokenError);
    }
  });

  it('does not open when it was cut or lengthened anywhere', () => {
    const sealed = sealer.seal(PLAIN, PLACE);
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => sealer.open(sealed.subarray(0, length), PLACE)).toThrow(SealBrokenError);
      expect(() => sealer.open(sealed.subarray(sealed.length - length), PLACE)).toThrow(SealBrokenError);
    }
    expect(() => sealer.open(Buffer.concat([sealed, Buffer.alloc(1)]), PLACE)).toThrow(SealBrokenError);
  });

  it('seals one value twice in two ways, neither of which shows it', () => {
    const sealed = [sealer.seal(PLAIN, PLACE), sealer.seal(PLAIN, PLACE)] as const;
    expect(sealed[0].equals(sealed[1])).toBe(false);
    for (const bytes of sealed) expect(bytes.includes(PLAIN.subarray(0, 8))).toBe(false);
  });

  it('refuses a master key that has not exactly 32 bytes', () => {
    for (const length of [0, 16, 31, 33, 64])
      expect(() => new Sealer(new Secret(randomBytes(length)))).toThrow('A master key has 32 bytes.');
  });

  it('has a fingerprint that tells keys apart and says nothing about them', () => {
    const fingerprints = Array.from(
      { length: 100 },
      () => new Sealer(new Secret(randomBytes(32))).fingerprint,
    );
    expect(new Set(fingerprints).size).toBe(100);
    expect(sealer.fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(KEY.toString('hex')).not.toContain(sealer.fingerprint);
  });

  it('does not show its key when it is printed', () => {
    const text = inspect(sealer, { depth: null, showHidden: true }) + JSON.stringify(sealer);
    expect(text).not.toMatch(/key|Buffer|0707/i);
  });
});
