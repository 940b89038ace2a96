import { describe, expect, it } from '@jest/globals';

import { parseUploadMetadata } from './upload-metadata.js';

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');
const list = (values: Record<string, string | Buffer>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} ${base64(value)}`)
    .join(',');

describe('Upload-Metadata', () => {
  it('says nothing when it is absent or empty', () => {
    const nothing = {
      name: undefined,
      contentType: undefined,
      sourceId: undefined,
      metadata: undefined,
      sha256: undefined,
    };
    for (const field of [null, '', '  ']) expect(parseUploadMetadata(field)).toEqual(nothing);
  });

  it('is read by either name of a thing, ours first', () => {
    const ours = { name: 'ä.pdf', content_type: 'application/pdf' };
    const common = { filename: 'b.txt', filetype: 'text/plain' };
    expect(parseUploadMetadata(list({ ...common, ...ours }))).toMatchObject({
      name: 'ä.pdf',
      contentType: 'application/pdf',
    });
    expect(parseUploadMetadata(list(common))).toMatchObject({ name: 'b.txt', contentType: 'text/plain' });
  });

  it('brings a source id, metadata as JSON and a checksum of the whole', () => {
    const sha256 = 'AB'.repeat(32);
    const field = list({ source_id: 'Doc 1', metadata: '{"a":[1]}', checksum_sha256: sha256 });
    expect(parseUploadMetadata(field)).toMatchObject({
      sourceId: 'Doc 1',
      metadata: { a: [1] },
      sha256: 'ab'.repeat(32),
    });
  });

  it('may have keys that mean nothing here, without values or with bytes that are no text', () => {
    const field = `is_private,constructor eA==,thumb ${base64(Buffer.from([0xff]))}, filename ${base64('x')}`;
    expect(parseUploadMetadata(field).name).toBe('x');
  });

  it('takes an empty value for none', () => {
    expect(parseUploadMetadata('name,filename eA==').name).toBe('x');
  });

  it.each([
    'filename =',
    'filename a',
    'filename eA',
    'filename e-_=',
    'filename eA== more',
    'filename eA==,filename eA==',
    ',',
    'filename eA==,',
    'ä eA==',
  ])('is malformed as %s', (field) => {
    expect(() => parseUploadMetadata(field)).toThrow(/Upload-Metadata/);
  });

  it.each([
    [{ name: Buffer.from([0xc3]) }, 'name'],
    [{ name: 'a\0b' }, 'name'],
    [{ filename: 'x'.repeat(1025) }, 'name'],
    [{ source_id: 'a\0' }, 'source_id'],
    [{ metadata: '[1]' }, 'metadata'],
    [{ metadata: '{' }, 'metadata'],
    [{ checksum_sha256: 'abc' }, 'checksum_sha256'],
  ])('UP-19: cannot have %j', (values, field) => {
    expect(() => parseUploadMetadata(list(values as Record<string, string>))).toThrow(
      expect.objectContaining({ fields: { errors: [expect.objectContaining({ field })] } }),
    );
  });
});
