import { describe, expect, it } from '@jest/globals';
import { assert, constantFrom, property, stringMatching } from 'fast-check';
import { redactTarget, REDACTED_LOG_PATHS } from './redaction.js';

const LINK = 'AQAB'.repeat(32);
const TOKEN = `gth_k3v9x0q2m7ab_${'0Kd93bXa'.repeat(3).slice(0, 22)}_${'a'.repeat(38)}`;

describe('redactTarget', () => {
  it.each([
    ['/', '/'],
    [
      '/v1/sources/018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b/content',
      '/v1/sources/018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b/content',
    ],
    ['/v1/sources?access_token=abc#frag', '/v1/sources'],
    ['/v1/sources#access_token=abc', '/v1/sources'],
    [`/l/${LINK}`, '/l/[link]'],
    [`/l/${LINK}/`, '/l/[link]'],
    [`/l/${LINK}?download=1`, '/l/[link]'],
    [`//l/${LINK}`, '/l/[link]'],
    [`/L/${LINK}`, '/l/[link]'],
    ['/l/short-and-mistyped', '/l/[link]'],
    [`/%6c/${LINK}`, '/l/[link]'],
    [`/%6C/${[...LINK].join('%41').slice(0, 200)}`, '/l/[link]'],
    [`/u/${LINK}`, '/u/[link]'],
    [`//U/${LINK}/?x=1`, '/u/[link]'],
    ['/u/short-and-mistyped', '/u/[link]'],
    [`/v1/${TOKEN}`, '/v1/[token]'],
    [`/v1/${TOKEN.slice(0, 40)}/x`, '/v1/[token]/x'],
    [`/v1/${TOKEN.replaceAll('_', '%5F')}`, '/v1/[token]'],
    [`/x/${LINK}`, '/x/[redacted]'],
    [`/v1/links/${LINK}/x`, '/v1/links/[redacted]/x'],
  ])('AN-15: writes %s as %s', (target, line) => {
    expect(redactTarget(target)).toBe(line);
  });

  it('AN-15: never writes a link or a token, wherever it stands in a path', () => {
    const secrets = stringMatching(/^[A-Za-z0-9_-]{128}$/);
    const places = constantFrom<(secret: string) => string>(
      (secret) => `/l/${secret}`,
      (secret) => `/${secret}`,
      (secret) => `/v1/sources/${secret}/content`,
      (secret) => `/v1/${secret}%20?x=1`,
      (secret) => `/docs?next=/l/${secret}`,
      (secret) => `/%4c/${encodeURIComponent(secret)}`,
    );
    assert(
      property(secrets, places, (secret, place) => {
        const line = redactTarget(place(secret));
        expect(line).not.toContain(secret.slice(0, 40));
        expect(line).not.toContain(secret.slice(-40));
      }),
    );
  });

  it('bounds what one request can write', () => {
    expect(redactTarget(`/${'a/'.repeat(10_000)}`)).toHaveLength(256);
  });

  it('leaves a path that cannot be decoded as it came, without what looks secret', () => {
    expect(redactTarget('/%zz/%')).toBe('/%zz/%');
    expect(redactTarget(`/%zz/${TOKEN}/${LINK}`)).toBe('/%zz/[token]/[redacted]');
  });

  it.each([
    '\n',
    '\r',
    '\u0000',
    '\u001b[31m',
    '\u0085',
    '\u009b31m',
    '\u2028',
    '\u2029',
    '\u202e',
    '\u200b',
  ])('OP-07: leaves %j encoded, which a reader of the log would not show as it is', (text) => {
    const encoded = encodeURIComponent(text).replaceAll('%5B', '[');
    expect(redactTarget(`/a${encodeURIComponent(text)}b`)).toBe(`/a${encoded}b`);
  });

  it('takes no longer for a long path', () => {
    const started = performance.now();
    for (const unit of ['a', '/l/', 'gth_', '%41', '=-', '%']) redactTarget(`/${unit.repeat(16_384)}`);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('REDACTED_LOG_PATHS', () => {
  it('AN-15: covers the header that carries tokens', () => {
    expect(REDACTED_LOG_PATHS).toEqual(
      expect.arrayContaining(['req.headers.authorization', 'headers.authorization']),
    );
  });
});
