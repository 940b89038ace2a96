import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ObjectStorage } from '#storage';
import { chunksOf, codeOf, newKey, readStream, sampleBytes } from '#storage/testing';

import { Api, expectStatus, freshId, type TestTenant } from '../../support/api.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../../support/ceph.js';
import { everythingIn, newBucket, openCephStorage } from '../../support/ceph-storage.js';
import { answer, errorAnswer, FakeS3, type FakeAnswer, type FakeRequest } from '../../support/fake-s3.js';
import { keepObjects } from '../../support/fake-s3-objects.js';
import { ACCESS_KEY_ID, BUCKET, openFakeBucket } from '../../support/fake-s3-storage.js';
import { GatewayProcess } from '../../support/gateway-process.js';
import { bound } from '../../support/presigned.js';
import { describeWith } from '../../support/programs.js';

jest.setTimeout(CEPH_START_MS + 60_000);

const SOON = { expiresInSeconds: 60, nowMs: Date.UTC(2030, 0) };
const PROBES = `/${BUCKET}/gatehold-probe/`;

/** Keeps the condition, as far as the probe can see. */
const keeping = (): FakeAnswer => {
  const taken = new Set<string>();
  return (response, request) => {
    const { pathname } = request.url;
    const isRefused = request.headers['if-none-match'] === '*' && taken.has(pathname);
    taken.add(pathname);
    (isRefused ? errorAnswer(412, 'PreconditionFailed') : answer(200))(response, request);
  };
};

let fake: FakeS3;

beforeEach(async () => {
  fake = await FakeS3.open();
  keepObjects(fake);
  fake.script('CreateMultipartUpload', answer(200, '<X><UploadId>u1</UploadId></X>'));
  fake.script('UploadPart', answer(200, '', { etag: '"part"' }));
  fake.script('CompleteMultipartUpload', answer(200, '<X><ETag>"whole"</ETag></X>'));
});

afterEach(() => fake.close());

function puts(): FakeRequest[] {
  return fake.of('PutObject');
}

const isProbe = ({ url }: FakeRequest): boolean => url.pathname.startsWith(PROBES);

/** What a storage makes of the server: of the puts that it sends itself, and of those that it signs. */
async function conditions(storage: ObjectStorage): Promise<object> {
  await storage.put(newKey(), chunksOf(sampleBytes(100)), { expectedSize: 100 });
  const signed = storage.presigner?.presignPut(newKey(), SOON);
  return {
    put: puts().at(-1)?.headers['if-none-match'],
    signed: signed?.headers['if-none-match'],
    writesOnce: signed?.writesOnce,
    writeOnce: storage.capabilities.writeOnce,
  };
}

const KEPT = { put: '*', signed: '*', writesOnce: true };
const IGNORED = { put: undefined, signed: undefined, writesOnce: false, writeOnce: false };

describe('ST-16: whether a server keeps conditional writes', () => {
  it('is tried by writing one key twice, and kept for as long as the storage is open', async () => {
    fake.script('PutObject', keeping());
    fake.script('CompleteMultipartUpload', errorAnswer(412, 'PreconditionFailed'));
    const storage = await openFakeBucket(fake, 'minio');
    const probes = puts();
    expect(probes.map(({ headers }) => headers['if-none-match'])).toEqual(['*', '*']);
    expect(new Set(probes.map(({ url }) => url.pathname)).size).toBe(1);
    expect(fake.of('DeleteObject').map(({ url }) => url.pathname)).toEqual([probes[0]?.url.pathname]);
    for (let round = 0; round < 3; round += 1)
      expect(await conditions(storage)).toEqual({ ...KEPT, writeOnce: true });
    expect(puts().filter(isProbe)).toHaveLength(2);
    await storage.release();
  });

  it.each<[string, FakeAnswer[]]>([
    ['takes the second write silently', [answer(200)]],
    ['does not know the condition', [errorAnswer(501, 'NotImplemented'), answer(200)]],
    ['refuses the condition', [errorAnswer(400, 'InvalidArgument'), answer(200)]],
  ])('is no, whatever its maker says, where it %s', async (_how, answers) => {
    fake.script('PutObject', ...answers);
    const storage = await openFakeBucket(fake, 'minio');
    expect(puts().some(isProbe)).toBe(true);
    expect(await conditions(storage)).toEqual(IGNORED);
    await storage.release();
  });

  it.each<[string, FakeAnswer[]]>([
    ['completes an upload in parts in place of what is there', []],
    ['does not know the condition there', [errorAnswer(501, 'NotImplemented')]],
  ])('is no for parts alone where it %s', async (_how, answers) => {
    fake.script('PutObject', keeping());
    if (answers.length > 0) fake.script('CompleteMultipartUpload', ...answers);
    const storage = await openFakeBucket(fake, 'minio');
    expect(fake.of('CompleteMultipartUpload').map(({ headers }) => headers['if-none-match'])).toEqual(['*']);
    expect(await conditions(storage)).toEqual({ ...KEPT, writeOnce: false });
    await storage.release();
  });

  it('is not asked where its maker does not say so', async () => {
    const storage = await openFakeBucket(fake, 'seaweedfs');
    expect(puts()).toEqual([]);
    expect(await conditions(storage)).toEqual(IGNORED);
    await storage.release();
  });

  it.each<[string, FakeAnswer[]]>([
    ['the first write', [errorAnswer(500, 'InternalError')]],
    ['the second write', [answer(200), errorAnswer(500, 'InternalError')]],
  ])('is decided neither way when it fails at %s', async (_which, answers) => {
    fake.script('PutObject', ...answers);
    expect(await codeOf(openFakeBucket(fake, 'minio'))).toBe('storage_unavailable');
    expect(fake.of('DeleteObject')).toHaveLength(1);
    // Once it works again it is tried again.
    fake.script('PutObject', keeping());
    const storage = await openFakeBucket(fake, 'minio');
    expect(await conditions(storage)).toMatchObject(KEPT);
    await storage.release();
  });
});

describe('ST-16: a gateway on a server that ignores conditional writes and says that it keeps them', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ env: { GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.1' } });
  });

  afterAll(() => gateway.dispose());

  function onFake(): Promise<TestTenant> {
    return bound(new Api(gateway.url, gateway.rootToken), {
      adapter: 's3',
      profile: 'minio',
      endpoint: fake.endpoint,
      bucket: BUCKET,
      credentials: { access_key_id: ACCESS_KEY_ID, secret_access_key: 'fake-secret-access-key' },
      delivery: 'direct',
    });
  }

  it('writes no key twice: creations, replacements, those that lose and those that are made anew', async () => {
    const { editor } = await onFake();
    const id = freshId('doc');
    const first = { 'if-none-match': '*' };
    const created = await Promise.all(
      Array.from({ length: 5 }, (_, number) => editor.put(id, `first ${number}`, first)),
    );
    expect(created.map(({ status }) => status).sort()).toEqual([201, 412, 412, 412, 412]);
    const won = created.findIndex(({ status }) => status === 201);
    expect((await editor.get(`/v1/sources/${id}`)).json.version).toBe(1);
    expect((await editor.get(`/v1/sources/${id}/content`)).text).toBe(`first ${won}`);
    for (let round = 0; round < 3; round += 1) {
      expectStatus(await editor.put(id, `replaced ${round}`), 200);
      expect((await editor.get(`/v1/sources/${id}/content`)).text).toBe(`replaced ${round}`);
    }
    expectStatus(await editor.delete(`/v1/sources/${id}`), 204);
    expectStatus(await editor.put(id, 'made anew', first), 201);
    const keys = puts()
      .filter((put) => !isProbe(put))
      .map(({ url }) => url.pathname);
    // The trial of the binding wrote one as well; losers may have been refused before their bytes were stored.
    expect(keys.length).toBeGreaterThanOrEqual(1 + 1 + 3 + 1);
    expect(new Set(keys).size).toBe(keys.length);
    expect(puts().filter((put) => !isProbe(put) && put.headers['if-none-match'] !== undefined)).toEqual([]);
  });

  it('hands out upload URLs that ask for no condition', async () => {
    const { editor } = await onFake();
    const wish = { name: 'a.txt', size_bytes: 5 };
    const upload = (await editor.post('/v1/uploads', wish)).json;
    expect(new URL(upload.url as string).origin).toBe(new URL(fake.endpoint).origin);
    expect(Object.keys(upload.headers as object)).not.toContain('if-none-match');
  });
});

describeWith(CEPH_PROGRAMS, 'ST-16: Ceph', () => {
  it('keeps the condition for whole objects, and is not believed to for those of parts', async () => {
    const ceph = await sharedCeph();
    const bucket = newBucket();
    const storage = await openCephStorage(ceph, { bucket });
    expect(await everythingIn(ceph, bucket)).toEqual([]);
    expect(storage.capabilities.writeOnce).toBe(false);
    const signed = storage.presigner?.presignPut(newKey(), SOON);
    expect([signed?.writesOnce, signed?.headers['if-none-match']]).toEqual([true, '*']);
    const [key, bytes] = [newKey(), sampleBytes(1000)];
    await storage.put(key, chunksOf(bytes), { expectedSize: bytes.length });
    expect(await codeOf(storage.put(key, chunksOf(sampleBytes(1000, 2)), { expectedSize: 1000 }))).toBe(
      'object_exists',
    );
    expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
    await storage.release();
  });

  it('is what the trial finds where it is taken for a server that keeps all conditions, and keeps nothing of it', async () => {
    const ceph = await sharedCeph();
    const bucket = newBucket();
    const storage = await openCephStorage(ceph, { bucket, profile: 'minio' });
    expect(await everythingIn(ceph, bucket)).toEqual([]);
    const [key, bytes] = [newKey(), sampleBytes(6 * 2 ** 20)];
    // No size is declared, so that they come in parts.
    await storage.put(key, chunksOf(bytes));
    const other = sampleBytes(6 * 2 ** 20, 2);
    const code = await codeOf(storage.put(key, chunksOf(other)));
    const { writeOnce } = storage.capabilities;
    expect(code).toBe(writeOnce ? 'object_exists' : 'resolved');
    expect((await readStream(await storage.get(key))).equals(writeOnce ? bytes : other)).toBe(true);
    await storage.release();
  });
});
