import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CodedError, CommonErrors } from '#kernel';
import { declaredSha256, formatSha256Digest, parseDigestField } from './digest-fields.js';

const hash = createHash('sha256').update('hello');
const hex = hash.copy().digest('hex');
const base64 = hash.digest('base64');
const sha256 = `sha-256=:${base64}:`;
const sha512 = `sha-512=:${createHash('sha512').update('hello').digest('base64')}:`;

const read = (value: string | string[]) => parseDigestField({ 'repr-digest': value }, 'Repr-Digest');

function kindOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CodedError) return error.kind.code;
    throw error;
  }
  return 'accepted';
}

describe('parseDigestField', () => {
  it.each([
    sha256,
    ` ${sha256} `,
    `${sha512}, ${sha256}`,
    `${sha256},${sha512}`,
    `${sha256}\t, unixsum=:AAA=:`,
    `${sha256};note="a \\" b";level=1.5;ok=?1;token=a/b;raw=:AA==:; flag`,
    `sha-256=:AAAA:, ${sha256}`,
    `sha-256=:${base64.replace(/=+$/, '')}:`,
    `*odd.key_1=::, ${sha256}`,
  ])('UP-08: %s declares the SHA-256', (value) => {
    expect(read(value)).toBe(hex);
  });

  it('UP-08: several lines of the field are one dictionary', () => {
    expect(read([sha512, sha256])).toBe(hex);
  });

  it.each(['', sha512, 'md5=:1B2M2Y8AsgTpgAmY7PhCfg==:', 'crc32c=:AAAAAA==:;x'])(
    'UP-08: %j declares no SHA-256, unknown algorithms being ignored',
    (value) => {
      expect(read(value)).toBeNull();
    },
  );

  it('UP-08: an absent field declares nothing', () => {
    expect(parseDigestField({}, 'Content-Digest')).toBeNull();
  });

  it.each([
    base64,
    hex,
    `sha-256=${base64}`,
    `sha-256=${hex}`,
    `SHA-256=:${base64}:`,
    `sha-256=:${hex}:`,
    'sha-256=::',
    'sha-256=:AAAA:',
    `sha-256=:${base64}`,
    `sha-256=:${base64.replace('=', '!')}:`,
    `sha-256=:${base64.slice(0, 5)} ${base64.slice(5)}:`,
    `sha-256="${base64}"`,
    'sha-256',
    'sha-256=?1',
    `${sha256},`,
    `,${sha256}`,
    `${sha256},,${sha512}`,
    `${sha256} ${sha512}`,
    `${sha256};`,
    `sha-256 =:${base64}:`,
    `sha-256=(:${base64}:)`,
  ])('UP-08: %s is refused as malformed', (value) => {
    expect(kindOf(() => read(value))).toBe(CommonErrors.unparsable.code);
    expect(CommonErrors.unparsable.status).toBe(400);
  });

  it('IV-12: hostile values of 100 kB are refused in linear time', () => {
    const started = performance.now();
    for (const filler of ['sha-256=:A:;a;', ' ', ';a=1', ':', 'a', '"', '; ', ',\t'])
      kindOf(() => read(`sha-256=:AA==:${filler.repeat(50_000)}"`));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('declaredSha256', () => {
  const other = formatSha256Digest('00'.repeat(32));

  it.each([
    [{}, null],
    [{ 'content-digest': sha256 }, hex],
    [{ 'repr-digest': sha256 }, hex],
    [{ 'repr-digest': sha256, 'content-digest': sha256 }, hex],
    [{ 'repr-digest': sha512, 'content-digest': sha256 }, hex],
  ])('UP-08: %j declares %s', (headers, expected) => {
    expect(declaredSha256(headers)).toBe(expected);
  });

  it('UP-08: two fields that contradict each other are refused', () => {
    expect(kindOf(() => declaredSha256({ 'repr-digest': sha256, 'content-digest': other }))).toBe(
      CommonErrors.invalid.code,
    );
  });
});

describe('formatSha256Digest', () => {
  it('DL-10: every checksum reads back as itself', () => {
    expect(formatSha256Digest(hex)).toBe(sha256);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const text = Buffer.from(bytes).toString('hex');
        expect(read(formatSha256Digest(text))).toBe(text);
      }),
    );
  });
});
