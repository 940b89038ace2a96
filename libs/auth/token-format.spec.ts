import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { assert, property, string, stringMatching, uuid } from 'fast-check';
import { displayPrefix, hashToken, makeToken, parseToken } from './token-format.js';

const KEY = 'k3v9x0q2m7ab';
const ID = '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b';
const WORD = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_'];
const SECRET = /^gth_[a-z0-9]{12}_[0-9A-Za-z]{22}_([0-9A-Za-z]{32})[0-9A-Za-z]{6}$/;

describe('makeToken', () => {
  it('carries the tenant key and the id of the token, whatever they are', () => {
    assert(
      property(stringMatching(/^[a-z0-9]{12}$/), uuid(), (tenantKey, tokenId) => {
        expect(parseToken(makeToken(tenantKey, tokenId))).toEqual({ tenantKey, tokenId });
      }),
    );
  });

  it.each(['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])(
    'carries the id %s at the edge of what an id can be',
    (tokenId) => {
      expect(parseToken(makeToken(KEY, tokenId))).toEqual({ tenantKey: KEY, tokenId });
    },
  );

  it('AN-09: has a prefix that scanners find, at least 160 random bits, and no two alike', () => {
    const secrets = Array.from({ length: 1_000 }, () => SECRET.exec(makeToken(KEY, ID))?.[1] ?? '');
    expect(new Set(secrets).size).toBe(1_000);
    const used = new Set(secrets.join(''));
    expect(used.size).toBe(62);
    expect(32 * Math.log2(used.size)).toBeGreaterThanOrEqual(160);
    // Every place varies: none of them is spent on something that is the same in each token.
    for (let place = 0; place < 32; place += 1)
      expect(new Set(secrets.map((secret) => secret[place])).size).toBeGreaterThan(50);
  });
});

describe('parseToken', () => {
  const token = makeToken(KEY, ID);

  it('AN-09: refuses a token with any one character changed, without looking anything up', () => {
    for (let place = 0; place < token.length; place += 1) {
      for (const character of WORD) {
        if (character === token[place]) continue;
        expect(parseToken(token.slice(0, place) + character + token.slice(place + 1))).toBeNull();
      }
    }
  });

  it('refuses a token with a character missing, doubled or swapped with the next', () => {
    for (let place = 0; place < token.length; place += 1) {
      const [head, here, tail] = [token.slice(0, place), token[place] ?? '', token.slice(place + 1)];
      expect(parseToken(head + tail)).toBeNull();
      expect(parseToken(head + here + here + tail)).toBeNull();
      const next = tail[0] ?? here;
      if (next !== here) expect(parseToken(head + next + here + tail.slice(1))).toBeNull();
    }
  });

  it.each([
    ['nothing', ''],
    ['its prefix', 'gth_'],
    ['what lists show of it', displayPrefix(token)],
    ['upper case', token.toUpperCase()],
    ['lower case', token.toLowerCase()],
    ['a blank before it', ` ${token}`],
    ['a blank behind it', `${token} `],
    ['a line end behind it', `${token}\n`],
    ['NUL behind it', `${token}\u0000`],
    ['the token twice', token + token],
    ['another prefix', token.replace('gth_', 'ghp_')],
  ])('refuses %s', (_what, text) => {
    expect(parseToken(text)).toBeNull();
  });

  it('refuses any other text', () => {
    assert(property(string({ unit: 'binary', maxLength: 200 }), (text) => parseToken(text) === null));
    assert(
      property(
        stringMatching(/^gth_[a-z0-9]{12}_[0-9A-Za-z]{22}_[0-9A-Za-z]{38}$/),
        (text) => parseToken(text) === null,
      ),
    );
  });
});

describe('displayPrefix', () => {
  it('AN-08: shows the tenant key and the beginning of the id, and nothing of the secret', () => {
    assert(
      property(uuid(), (tokenId) => {
        const token = makeToken(KEY, tokenId);
        const prefix = displayPrefix(token);
        expect(prefix).toMatch(/^gth_k3v9x0q2m7ab_[0-9A-Za-z]{8}$/);
        expect(displayPrefix(makeToken(KEY, tokenId))).toBe(prefix);
      }),
    );
  });
});

describe('hashToken', () => {
  it('AN-08: is the SHA-256 of the token as sent, so that what is stored opens nothing', () => {
    const token = makeToken(KEY, ID);
    expect(hashToken(token)).toEqual(createHash('sha256').update(token).digest());
    expect(hashToken(`${token} `)).not.toEqual(hashToken(token));
  });
});
