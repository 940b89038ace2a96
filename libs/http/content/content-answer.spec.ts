import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { planContentAnswer, type ContentAnswer } from './content-answer.js';
import type { Representation } from './content-headers.js';
import type { RequestHeaders } from './request-headers.js';

const bytes = Buffer.from('0123456789');
const digest = createHash('sha256').update(bytes);

const source: Representation = {
  contentType: 'text/plain; charset=utf-8',
  name: 'digits.txt',
  disposition: 'attachment',
  sizeBytes: bytes.length,
  checksumSha256Hex: digest.copy().digest('hex'),
  etag: '"v2"',
  lastModified: new Date('2026-03-01T12:00:00.750Z'),
  audience: 'caller',
  cachePolicy: 'private',
};

function plan(
  headers: RequestHeaders = {},
  change: Partial<Representation> = {},
  method = 'GET',
): ContentAnswer {
  return planContentAnswer({ method, headers, representation: { ...source, ...change } });
}

describe('planContentAnswer', () => {
  it('DL-10: describes the whole representation in a 200', () => {
    expect(plan()).toEqual({
      status: 200,
      range: null,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-length': '10',
        'content-disposition': 'attachment; filename=digits.txt',
        'accept-ranges': 'bytes',
        etag: '"v2"',
        'last-modified': 'Sun, 01 Mar 2026 12:00:00 GMT',
        'repr-digest': `sha-256=:${digest.copy().digest('base64')}:`,
        'cache-control': 'private, no-cache',
        vary: 'Authorization',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      },
    });
  });

  it('DL-06 DL-10: a 206 differs from the 200 in length and Content-Range only', () => {
    const answer = plan({ range: 'bytes=2-4' });
    const changed = { 'content-length': '3', 'content-range': 'bytes 2-4/10' };
    expect(answer).toEqual({
      status: 206,
      range: { start: 2, end: 4 },
      headers: { ...plan().headers, ...changed },
    });
  });

  it('DL-06: a 416 names the size and nothing of the content', () => {
    const { status, range, headers } = plan({ range: 'bytes=10-' });
    expect([status, range, headers['content-range']]).toEqual([416, null, 'bytes */10']);
    expect(Object.keys(headers)).not.toContain('content-type');
    expect(Object.keys(headers)).not.toContain('content-length');
    expect(Object.keys(headers)).not.toContain('content-disposition');
  });

  it('DL-06 DL-14: HEAD answers as GET does, with Range ignored (RFC 9110 §14.2)', () => {
    expect(plan({}, {}, 'HEAD')).toEqual(plan());
    expect(plan({ range: 'bytes=2-4' }, {}, 'HEAD')).toEqual(plan());
    expect(plan({ range: 'bytes=10-' }, {}, 'HEAD')).toEqual(plan());
  });

  it.each<[RequestHeaders, number]>([
    [{ range: 'bytes=0-', 'if-range': '"v2"' }, 206],
    [{ range: 'bytes=0-', 'if-range': '"v1"' }, 200],
    [{ range: 'bytes=0-', 'if-range': 'W/"v2"' }, 200],
    [{ range: 'bytes=10-', 'if-range': '"v1"' }, 200],
    [{ range: 'bytes=10-', 'if-range': '"v2"' }, 416],
    [{ 'if-range': '"v1"' }, 200],
    [{ range: 'bytes=0-1,4-5' }, 200],
    [{ range: 'bytes=10-', 'if-none-match': '"v2"' }, 304],
    [{ range: 'bytes=10-', 'if-match': '"v1"' }, 412],
    [{ range: 'bytes=0-', 'if-match': '"v2"', 'if-none-match': '"v1"' }, 206],
  ])('DL-07 DL-08: %j -> %d', (headers, status) => {
    expect(plan(headers).status).toBe(status);
  });

  it('DL-08: a 304 carries ETag, Cache-Control and Vary and no metadata of a body', () => {
    const { status, headers, range } = plan({ 'if-none-match': '"v2"' });
    expect([status, range]).toEqual([304, null]);
    expect(headers).toMatchObject({
      etag: '"v2"',
      'cache-control': 'private, no-cache',
      vary: 'Authorization',
    });
    for (const name of ['content-type', 'content-length', 'content-disposition', 'repr-digest'])
      expect(headers).not.toHaveProperty(name);
  });

  it('DL-06: an empty representation is whole, and no range of it can be satisfied', () => {
    const empty = { sizeBytes: 0 };
    expect(plan({}, empty).headers['content-length']).toBe('0');
    expect(plan({ range: 'bytes=-1' }, empty).status).toBe(200);
    expect(plan({ range: 'bytes=0-' }, empty).headers['content-range']).toBe('bytes */0');
  });
});

describe('headers of content', () => {
  it.each(['text/html', 'image/svg+xml', 'application/xml', 'multipart/related', 'application/zip', '', 'x'])(
    'DL-02: %j asked for inline goes out as an attachment, sandboxed and unsniffed',
    (contentType) => {
      const { headers } = plan({}, { contentType, disposition: 'inline' });
      expect(headers['content-disposition']).toMatch(/^attachment;/);
      expect(headers['content-security-policy']).toBe("default-src 'none'; sandbox");
      expect(headers['x-content-type-options']).toBe('nosniff');
    },
  );

  it('DL-02: an inert type is shown inline when that is asked for, and only then', () => {
    expect(
      plan({}, { contentType: 'image/png', disposition: 'inline' }).headers['content-disposition'],
    ).toMatch(/^inline;/);
    expect(plan({}, { contentType: 'image/png' }).headers['content-disposition']).toMatch(/^attachment;/);
  });

  it('DL-02: only a PDF shown inline goes without sandbox, which would block the viewer of Chromium', () => {
    const relaxed = "default-src 'none'; style-src 'unsafe-inline'";
    const pdf = { contentType: 'Application/PDF; x=y', disposition: 'inline' } as const;
    expect(plan({}, pdf).headers['content-security-policy']).toBe(relaxed);
    expect(plan({ 'if-none-match': '*' }, pdf).headers['content-security-policy']).toBe(relaxed);
    expect(plan({}, { contentType: 'application/pdf' }).headers['content-security-policy']).toContain(
      'sandbox',
    );
  });

  it.each(['text/html\r\nX-Evil: 1', '*/*', '', 'a'.repeat(5_000)])(
    'DL-05: a stored type %j cannot break the answer',
    (contentType) => {
      expect(plan({}, { contentType }).headers['content-type']).toBe('application/octet-stream');
    },
  );

  it('DL-15: a link is kept out of search engines and may be embedded by other sites', () => {
    const { headers } = plan({}, { audience: 'link' });
    expect(headers['x-robots-tag']).toBe('noindex, nofollow');
    expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers).not.toHaveProperty('vary');
  });

  it('DL-11: no answer may be kept by a shared cache, and none of a one-time link by any', () => {
    for (const headers of [
      {},
      { range: 'bytes=0-1' },
      { range: 'bytes=10-' },
      { 'if-none-match': '*' },
      { 'if-match': '"x"' },
    ]) {
      expect(plan(headers).headers['cache-control']).toBe('private, no-cache');
      expect(plan(headers, { cachePolicy: 'no-store' }).headers['cache-control']).toBe('private, no-store');
    }
  });

  it('DL-10: a version of unknown checksum has no Repr-Digest', () => {
    expect(plan({}, { checksumSha256Hex: null }).headers).not.toHaveProperty('repr-digest');
  });
});
