import { describe, expect, it } from '@jest/globals';
import { Secret } from '#kernel';
import {
  ObjectPresigner,
  type ObjectKey,
  type PresignedPut,
  type PresignedRequest,
  type PresignGetOptions,
} from '#storage';

import { signProviderUrl } from './provider-url.js';
import { SigV4Presigner, type SigningCredentials } from './sigv4/sigv4-presigner.js';

const FROM = 1_896_091_200;
const FILE = {
  objectKey: 'k3v9x0q2m7ab/018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  contentType: 'application/pdf',
  name: 'résumé – 日本 "x".pdf',
  disposition: 'attachment',
} as const;

/** Signs for a bucket with Signature Version 4, and knows downloads only. */
class Downloads extends ObjectPresigner {
  readonly answersSuffixRanges = true;

  constructor(private readonly signer: SigV4Presigner) {
    super();
  }

  presignGet(key: ObjectKey, options: PresignGetOptions): PresignedRequest {
    const query = {
      'response-content-disposition': options.contentDisposition ?? '',
      'response-content-type': options.contentType ?? '',
    };
    return { method: 'GET', headers: {}, ...this.signer.presign({ ...options, method: 'GET', key, query }) };
  }

  presignPut(): PresignedPut {
    throw new TypeError('Downloads only.');
  }

  presignPart(): PresignedRequest {
    throw new TypeError('Downloads only.');
  }
}

function downloads(temporary: Partial<SigningCredentials> = {}): Downloads {
  const credentials = { accessKeyId: 'AKID', secretAccessKey: new Secret('secret'), ...temporary };
  const target = { endpoint: 'https://s3.test', bucket: 'files', region: 'eu-1', pathStyle: true };
  return new Downloads(new SigV4Presigner(credentials, target));
}

describe('signProviderUrl', () => {
  it.each([
    '","x":"',
    'a\r\nX-Injected: 1',
    '${filename}',
    'a"; filename=evil.exe; x="',
    'a&response-content-type=text/html',
    'a\']["eq","$key","',
    '%22%2C%22x%22%3A%22',
  ])('PS-21: has a name like %j change nothing of what is signed', (name) => {
    const signed = (as: string): URLSearchParams =>
      new URL(signProviderUrl(downloads(), { ...FILE, name: as }, { from: FROM, until: FROM + 600 }).url)
        .searchParams;
    const [odd, plain] = [signed(name), signed('plain.pdf')];
    expect([...odd.keys()]).toEqual([...plain.keys()]);
    const own = ['response-content-disposition', 'X-Amz-Signature'];
    for (const [key, value] of plain)
      if (!own.includes(key)) expect([key, odd.get(key)]).toEqual([key, value]);
    const disposition = odd.get('response-content-disposition') ?? '';
    expect(disposition).not.toMatch(/[\r\n]/);
    // One name, in quotes that it does not end, and once more as it is.
    expect(disposition).toMatch(
      /^attachment; filename=(?:"[^"]*"|[\w.~!#$&+^`|-]+)(?:; filename\*=UTF-8''[\w.~!#$&+^`|%-]*)?$/,
    );
  });

  it('signs name and type, and says when the URL ends', () => {
    const signed = signProviderUrl(downloads(), FILE, { from: FROM, until: FROM + 600 });
    const { searchParams } = new URL(signed.url);
    expect(searchParams.get('response-content-type')).toBe('application/pdf');
    expect(searchParams.get('response-content-disposition')).toBe(
      `attachment; filename="resume _ __ _x_.pdf"; filename*=UTF-8''r%C3%A9sum%C3%A9%20%E2%80%93%20%E6%97%A5%E6%9C%AC%20%22x%22.pdf`,
    );
    expect(searchParams.get('X-Amz-Expires')).toBe('600');
    expect(signed.expiresAt).toEqual(new Date((FROM + 600) * 1000));
  });

  it.each([
    ['text/plain', 'inline'],
    ['image/png', 'inline'],
    ['text/html', 'attachment'],
    ['image/svg+xml', 'attachment'],
    ['application/xhtml+xml', 'attachment'],
    ['text/javascript', 'attachment'],
    ['no type at all', 'attachment'],
  ])('keeps what can run an attachment, however it was asked for (DL-03): %s -> %s', (contentType, shown) => {
    const file = { ...FILE, contentType, disposition: 'inline' } as const;
    const { url } = signProviderUrl(downloads(), file, { from: FROM, until: FROM + 60 });
    expect(new URL(url).searchParams.get('response-content-disposition')).toMatch(new RegExp(`^${shown};`));
  });

  it('never outlives temporary credentials, and says so (PS-20)', () => {
    const temporary = {
      sessionToken: new Secret('session'),
      expiresAt: new Date((FROM + 100) * 1000 + 500),
    };
    const signed = signProviderUrl(downloads(temporary), FILE, { from: FROM, until: FROM + 3600 });
    expect(signed.expiresAt).toEqual(new Date((FROM + 100) * 1000));
    const { searchParams } = new URL(signed.url);
    expect([searchParams.get('X-Amz-Expires'), searchParams.get('X-Amz-Security-Token')]).toEqual([
      '100',
      'session',
    ]);
  });

  it('refuses when temporary credentials are over (PS-20)', () => {
    const temporary = { sessionToken: new Secret('session'), expiresAt: new Date(FROM * 1000) };
    expect(() => signProviderUrl(downloads(temporary), FILE, { from: FROM, until: FROM + 3600 })).toThrow(
      expect.objectContaining({ kind: expect.objectContaining({ code: 'storage_credentials_expired' }) }),
    );
  });

  it('refuses a key that the gateway never makes', () => {
    const file = { ...FILE, objectKey: 'k3v9x0q2m7ab/../other' };
    expect(() => signProviderUrl(downloads(), file, { from: FROM, until: FROM + 60 })).toThrow('malformed');
  });
});
