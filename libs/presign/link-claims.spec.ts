import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  array,
  assert,
  constantFrom,
  date,
  integer,
  property,
  record,
  string,
  stringMatching,
  uuid,
} from 'fast-check';
import { isAuthentic, parseLink, signLink, type LinkClaims } from './link-claims.js';

const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
const KEY = createSecretKey(Buffer.alloc(32, 7));
const CLAIMS: LinkClaims = {
  tenantKey: 'k3v9x0q2m7ab',
  keyId: 1,
  sourceId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  sourceCreatedAt: new Date('2030-01-31T12:00:00.123Z'),
  issuedAt: 1_896_091_200,
  expiresAt: 1_896_094_800,
  disposition: 'attachment',
  kind: 'stateless',
  referenceId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5c',
};
const BODY_LENGTH = 64;

const seconds = () => integer({ min: 0, max: 2 ** 40 - 1 });
const claims = () =>
  record({
    tenantKey: stringMatching(/^[a-z0-9]{12}$/),
    keyId: integer({ min: 0, max: 65_535 }),
    sourceId: uuid(),
    sourceCreatedAt: date({ min: new Date(0), max: new Date(2 ** 48 - 1), noInvalidDate: true }),
    issuedAt: seconds(),
    expiresAt: seconds(),
    disposition: constantFrom('attachment' as const, 'inline' as const),
    kind: constantFrom('managed' as const, 'stateless' as const),
    referenceId: uuid(),
  });

/** What a gateway says to a link: its claims, or null. */
function verified(text: string, key = KEY): LinkClaims | null {
  const link = parseLink(text);
  return link !== null && isAuthentic(link, key) ? link.claims : null;
}

describe('a link', () => {
  const link = signLink(CLAIMS, KEY);

  it('says what was signed', () => {
    assert(property(claims(), (signed) => expect(verified(signLink(signed, KEY))).toEqual(signed)));
  });

  it('says what was signed also where the one before said much of the same', () => {
    const alike = record({
      tenantKey: constantFrom('k3v9x0q2m7ab', 'aaaaaaaaaaaa'),
      keyId: constantFrom(1, 2),
      sourceId: constantFrom(CLAIMS.sourceId, CLAIMS.referenceId),
      sourceCreatedAt: constantFrom(new Date(0), CLAIMS.sourceCreatedAt),
      issuedAt: constantFrom(0, 1),
      expiresAt: constantFrom(0, 1),
      disposition: constantFrom('attachment' as const, 'inline' as const),
      kind: constantFrom('managed' as const, 'stateless' as const),
      referenceId: constantFrom(CLAIMS.sourceId, CLAIMS.referenceId),
    });
    const sameAsAlone = property(array(alike, { maxLength: 6 }), (signed) => {
      const keys = signed.map(() => createSecretKey(KEY.export()));
      const alone = signed.map((one, index) => signLink(one, keys[index] ?? KEY));
      expect(signed.map((one) => signLink(one, KEY))).toEqual(alone);
      expect(alone.map((text) => verified(text))).toEqual(signed);
    });
    assert(sameAsAlone);
  });

  it('is 128 letters, digits, - and _', () => {
    expect(link).toMatch(/^[A-Za-z0-9_-]{128}$/);
  });

  it('PS-03: dies with the change of any one character', () => {
    for (let place = 0; place < link.length; place += 1) {
      for (const character of ALPHABET) {
        if (character === link[place]) continue;
        expect(verified(link.slice(0, place) + character + link.slice(place + 1))).toBeNull();
      }
    }
  });

  it('PS-03: dies with the change of any one claim', () => {
    assert(
      property(claims(), claims(), (signed, other) => {
        const bytes = Buffer.from(signLink(signed, KEY), 'base64url');
        const forged = Buffer.from(signLink(other, createSecretKey(randomBytes(32))), 'base64url');
        const mixed = Buffer.concat([forged.subarray(0, BODY_LENGTH), bytes.subarray(BODY_LENGTH)]);
        if (mixed.equals(bytes)) return;
        expect(verified(mixed.toString('base64url'))).toBeNull();
      }),
    );
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['upper case', link.toUpperCase()],
    ['lower case', link.toLowerCase()],
    ['padding', `${link}==`],
    ['padding in place of its end', `${link.slice(0, -2)}==`],
    ['the other base64 alphabet', Buffer.from(link, 'base64url').toString('base64')],
    ['hex', Buffer.from(link, 'base64url').toString('hex')],
    ['a blank behind it', `${link} `],
    ['a line end behind it', `${link}\n`],
    ['one character more', `${link}A`],
    ['a group more', `${link}AAAA`],
    ['the link twice', link + link],
    ['percent signs', `%41${link.slice(1)}`],
  ])('PS-04: is refused as %s', (_what, text) => {
    // A link that has only one case or alphabet's characters would be itself: this one has not.
    if (text === link) return;
    expect(verified(text)).toBeNull();
  });

  it('PS-04: is refused when it was cut at any length', () => {
    for (let length = 0; length < link.length; length += 1) {
      expect(parseLink(link.slice(0, length))).toBeNull();
      expect(parseLink(link.slice(link.length - length))).toBeNull();
    }
  });

  it('PS-04: is refused when anything but its own key signed it', () => {
    const body = Buffer.from(link, 'base64url').subarray(0, BODY_LENGTH);
    const context = Buffer.from('gatehold link v1\0');
    const forgeries = [
      createHash('sha256').update(body).digest(),
      createHash('sha256').update(context).update(body).digest(),
      ...['', 'undefined', 'null', '\0'.repeat(32), '0'].map((key) =>
        createHmac('sha256', key).update(context).update(body).digest(),
      ),
      // The right key, without what tells a link from anything else that is signed with it.
      createHmac('sha256', KEY).update(body).digest(),
      Buffer.alloc(32),
      Buffer.alloc(32, 0xff),
    ];
    for (const mac of forgeries)
      expect(verified(Buffer.concat([body, mac]).toString('base64url'))).toBeNull();
  });

  it('PS-22: is refused under another key of the same tenant', () => {
    expect(verified(link, createSecretKey(Buffer.alloc(32, 8)))).toBeNull();
    expect(verified(signLink({ ...CLAIMS, keyId: 2 }, KEY))?.keyId).toBe(2);
  });

  it('PS-01: is for downloading only: another purpose is not read, even when it is signed', () => {
    const body = Buffer.from(link, 'base64url').subarray(0, BODY_LENGTH);
    for (let purpose = 0; purpose < 256; purpose += 1) {
      const other = Buffer.from(body);
      other[0] = purpose;
      const mac = createHmac('sha256', KEY).update('gatehold link v1\0').update(other).digest();
      const read = verified(Buffer.concat([other, mac]).toString('base64url'));
      expect(read === null).toBe(purpose !== 1);
    }
  });

  it('is not read with flags or a tenant key that nobody writes, even when they are signed', () => {
    const signed = (change: (body: Buffer) => void) => {
      const body = Buffer.from(Buffer.from(link, 'base64url').subarray(0, BODY_LENGTH));
      change(body);
      const mac = createHmac('sha256', KEY).update('gatehold link v1\0').update(body).digest();
      return verified(Buffer.concat([body, mac]).toString('base64url'));
    };
    expect(signed(() => undefined)).toEqual(CLAIMS);
    expect(signed((body) => (body[1] = 4))).toBeNull();
    expect(signed((body) => (body[1] = 0x80))).toBeNull();
    expect(signed((body) => body.write("' OR 1=1; --", 4, 12, 'latin1'))).toBeNull();
    expect(signed((body) => body.fill(0, 4, 16))).toBeNull();
  });

  it('cannot be made of claims that do not fit', () => {
    expect(() => signLink({ ...CLAIMS, expiresAt: 2 ** 40 }, KEY)).toThrow('out of range');
    expect(() => signLink({ ...CLAIMS, expiresAt: -1 }, KEY)).toThrow('out of range');
    expect(() => signLink({ ...CLAIMS, keyId: 65_536 }, KEY)).toThrow('out of range');
  });
});

describe('parseLink', () => {
  it('PS-06: answers garbage with null and never throws', () => {
    assert(property(string({ unit: 'binary', maxLength: 300 }), (text) => verified(text) === null));
    assert(property(stringMatching(/^[A-Za-z0-9_-]{128}$/), (text) => verified(text) === null));
  });
});
