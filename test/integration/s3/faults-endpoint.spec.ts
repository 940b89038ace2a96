import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '#kernel';
import { EndpointGuard } from '#storage';
import { S3Driver } from '#storage-s3';
import { codeOf } from '#storage/testing';

import { answer, FakeS3 } from '../../support/fake-s3.js';

describe("IV-16 the endpoint of a tenant's S3 server", () => {
  let fake: FakeS3;

  beforeEach(async () => {
    fake = await FakeS3.open();
  });
  afterEach(async () => {
    await fake.close();
  });

  /** Opens a bucket there as a tenant's binding; answers `resolved` or the code of the error. */
  async function opening(endpoint: string, ...allowed: string[]): Promise<string> {
    const driver = new S3Driver({
      signer: () => ({ presign: ({ key }) => ({ url: key, expiresAt: new Date(0) }) }),
      limits: { connectMs: 30_000, idleMs: 60_000, maxConnections: 8 },
      extraPartBuffers: 0,
      ...(allowed.length === 0 ? {} : { endpointGuard: new EndpointGuard(allowed) }),
    });
    const opened = driver.open({
      id: 'x',
      driver: 's3',
      settings: {
        profile: 'seaweedfs',
        endpoint,
        bucket: 'some-bucket',
        access_key_id: 'x',
        secret_access_key: new Secret('x'),
      },
    });
    return await codeOf(opened.then((storage) => storage.release()));
  }

  it.each(['127.0.0.1', '0x7f.1', '[::ffff:127.0.0.1]', 'localhost'])(
    'is refused at %s, however it is spelt, before a byte is sent',
    async (host) => {
      const { port } = new URL(fake.endpoint);
      for (const scheme of ['http', 'https'])
        expect(await opening(`${scheme}://${host}:${port}`)).toBe('storage_endpoint_refused');
      expect(fake.requests).toEqual([]);
    },
  );

  it('is taken where the operator has named it', async () => {
    expect(await opening(fake.endpoint, '127.0.0.1')).toBe('resolved');
    expect(await opening(fake.endpoint.replace('127.0.0.1', 'localhost'), 'localhost')).toBe('resolved');
  });

  it.each([301, 302, 307, 308])('is the only one that is asked: a %d leads nowhere', async (status) => {
    const other = await FakeS3.open();
    fake.script(
      'HeadBucket',
      answer(status, '', { location: `${other.endpoint}/some-bucket`, 'x-amz-bucket-region': 'eu-west-1' }),
    );
    expect(await opening(fake.endpoint, '127.0.0.1')).toBe('storage_unavailable');
    expect([fake.requests.length, other.requests.length]).toEqual([1, 0]);
    await other.close();
  });
});
