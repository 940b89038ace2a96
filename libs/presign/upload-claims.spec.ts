import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { assert, integer, property, record, string, stringMatching, uint8Array, uuid } from 'fast-check';

import { parseLink, signLink } from './link-claims.js';
import { digestOf, isAuthenticUpload, parseUpload, signUpload, type UploadClaims } from './upload-claims.js';

const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
const KEY = createSecretKey(Buffer.alloc(32, 7));
const BODY_LENGTH = 70;
const CLAIMS: UploadClaims = {
  tenantKey: 'k3v9x0q2m7ab',
  keyId: 1,
  uploadId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  partNumber: 0,
  expiresAt: 1_896_094_800,
  bound: digestOf({ sizeBytes: 10, contentType: 'text/plain', checksumSha256: null }),
};

const claims = () =>
  record({
    tenantKey: stringMatching(/^[a-z0-9]{12}$/),
    keyId: integer({ min: 0, max: 65_535 }),
    uploadId: uuid(),
    partNumber: integer({ min: 0, max: 65_535 }),
    expiresAt: integer({ min: 0, max: 2 ** 40 - 1 }),
    bound: uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
  });

/** What a gateway says to a text: its claims, or null. */
function verified(text: string, key = KEY): UploadClaims | null {
  const upload = parseUpload(text);
  return upload !== null && isAuthenticUpload(upload, key) ? upload.claims : null;
}

describe('the text of an upload URL', () => {
  const text = signUpload(CLAIMS, KEY);
  const body = Buffer.from(text, 'base64url').subarray(0, BODY_LENGTH);

  it('says what was signed, in 136 letters, digits, - and _', () => {
    expect(text).toMatch(/^[A-Za-z0-9_-]{136}$/);
    assert(property(claims(), (signed) => expect(verified(signUpload(signed, KEY))).toEqual(signed)));
  });

  it('PS-03: dies with the change of any one character', () => {
    for (let place = 0; place < text.length; place += 1) {
      for (const character of ALPHABET) {
        if (character === text[place]) continue;
        expect(verified(text.slice(0, place) + character + text.slice(place + 1))).toBeNull();
      }
    }
  });

  it('PS-03: dies with the change of any one claim', () => {
    assert(
      property(claims(), claims(), (signed, other) => {
        const bytes = Buffer.from(signUpload(signed, KEY), 'base64url');
        const forged = Buffer.from(signUpload(other, createSecretKey(randomBytes(32))), 'base64url');
        const mixed = Buffer.concat([forged.subarray(0, BODY_LENGTH), bytes.subarray(BODY_LENGTH)]);
        if (!mixed.equals(bytes)) expect(verified(mixed.toString('base64url'))).toBeNull();
      }),
    );
  });

  it('PS-01: is signed by a key of its own, not by the one that signs links', () => {
    for (const context of ['', 'gatehold link v1\0', 'gatehold upload v1', 'gatehold upload v1\0']) {
      const mac = createHmac('sha256', KEY).update(context).update(body).digest();
      expect(verified(Buffer.concat([body, mac]).toString('base64url'))).toBeNull();
    }
  });

  it('PS-01: is no link, and a link is none of it', () => {
    const link = signLink(
      {
        ...CLAIMS,
        sourceId: CLAIMS.uploadId,
        sourceCreatedAt: new Date(0),
        issuedAt: 1,
        disposition: 'attachment',
        kind: 'stateless',
        referenceId: CLAIMS.uploadId,
      },
      KEY,
    );
    expect(parseUpload(link)).toBeNull();
    expect(parseLink(text)).toBeNull();
  });

  it('PS-01: another purpose is not read, even when it is signed', () => {
    const own = createHmac('sha256', KEY).update('gatehold upload v1').digest();
    for (let purpose = 0; purpose < 256; purpose += 1) {
      const other = Buffer.from(body);
      other[0] = purpose;
      const mac = createHmac('sha256', own).update(other).digest();
      const read = verified(Buffer.concat([other, mac]).toString('base64url'));
      expect(read === null).toBe(purpose !== 2);
    }
  });

  it('PS-04: is refused under another key, cut at any length, and with anything behind it', () => {
    expect(verified(text, createSecretKey(Buffer.alloc(32, 8)))).toBeNull();
    for (let length = 0; length < text.length; length += 1)
      expect(parseUpload(text.slice(0, length))).toBeNull();
    for (const more of ['A', 'AAAA', '==', '\n', ' ', text]) expect(parseUpload(text + more)).toBeNull();
  });

  it('PS-06: answers garbage with null and never throws', () => {
    assert(property(string({ unit: 'binary', maxLength: 300 }), (garbage) => verified(garbage) === null));
    assert(property(stringMatching(/^[A-Za-z0-9_-]{136}$/), (garbage) => verified(garbage) === null));
  });

  it('PS-11: binds size, type and checksum, each by itself', () => {
    const bound = { sizeBytes: 10, contentType: 'text/plain', checksumSha256: 'aa' };
    const others = [
      bound,
      { ...bound, sizeBytes: 11 },
      { ...bound, sizeBytes: null },
      { ...bound, contentType: 'text/html' },
      { ...bound, contentType: null },
      { ...bound, checksumSha256: 'ab' },
      { ...bound, checksumSha256: null },
      { ...bound, contentType: 'text/plain","aa' },
    ].map((bytes) => digestOf(bytes).toString('hex'));
    expect(new Set(others).size).toBe(others.length);
    expect(digestOf({ ...bound }).toString('hex')).toBe(others[0]);
  });

  it('cannot be made of claims that do not fit', () => {
    expect(() => signUpload({ ...CLAIMS, expiresAt: 2 ** 40 }, KEY)).toThrow('out of range');
    expect(() => signUpload({ ...CLAIMS, partNumber: 65_536 }, KEY)).toThrow('out of range');
  });
});
