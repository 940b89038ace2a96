import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { Api, expectStatus, freshId, makeTenant, type Answer, type TestTenant } from '../../support/api.js';
import { answer, CANARY, errorAnswer, FakeS3, silence, stalledBody } from '../../support/fake-s3.js';
import { eventually } from '../../support/eventually.js';
import { keepObjects } from '../../support/fake-s3-objects.js';
import { ACCESS_KEY_ID, BUCKET } from '../../support/fake-s3-storage.js';
import { GatewayProcess } from '../../support/gateway-process.js';

const ENV = {
  GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.1',
  GATEHOLD_STORAGE_FIRST_BYTE_SECONDS: '2',
  GATEHOLD_STORAGE_IDLE_SECONDS: '2',
  // Fewer than there are stuck requests.
  DATABASE_POOL_SIZE: '2',
};
const START_MS = 90_000;
const BIG = Buffer.alloc(1024 * 1024, 'big');

describe('a gateway with one tenant whose storage fails', () => {
  let fake: FakeS3;
  let gateway: GatewayProcess;
  let unlucky: TestTenant;
  let lucky: TestTenant;
  let path: string;

  beforeAll(async () => {
    fake = await FakeS3.open();
    keepObjects(fake);
    gateway = await GatewayProcess.start({ env: ENV });
    const root = new Api(gateway.url, gateway.rootToken);
    [unlucky, lucky] = [await makeTenant(root), await makeTenant(root)];
    const binding = {
      adapter: 's3',
      profile: 'seaweedfs',
      endpoint: fake.endpoint,
      bucket: BUCKET,
      credentials: { access_key_id: ACCESS_KEY_ID, secret_access_key: 'fake-secret-access-key' },
    };
    const bindingPath = `/v1/tenants/${unlucky.id}/storage-binding`;
    expectStatus(await unlucky.admin.request('PUT', bindingPath, { json: binding }), 200);
  }, START_MS);
  afterAll(async () => {
    await gateway.dispose();
    await fake.close();
  });
  beforeEach(async () => {
    keepObjects(fake);
    const id = freshId('s');
    // After the faults of another test the storage may be left alone for a moment.
    await eventually(
      'the storage is used again',
      async () => (await unlucky.editor.put(id, BIG)).status === 201,
    );
    path = `/v1/sources/${id}/content`;
  });

  function expectProblem({ status, json, text, headers }: Answer, code: string, of: number): void {
    expect([status, json?.code, headers.get('content-type')]).toEqual([
      of,
      code,
      expect.stringContaining('problem+json'),
    ]);
    for (const secret of [CANARY, ACCESS_KEY_ID, BUCKET, fake.endpoint]) expect(text).not.toContain(secret);
  }

  it('ST-10 answers 504 to that tenant when the storage is silent, and serves the others as ever', async () => {
    fake.script('GetObject', silence);
    const stuck = Array.from({ length: 20 }, () => unlucky.viewer.get(path));
    await fake.seen('GetObject');
    const id = freshId('s');
    expect((await lucky.editor.put(id, 'fine')).status).toBe(201);
    expect((await lucky.viewer.get(`/v1/sources/${id}/content`)).text).toBe('fine');
    // The unlucky one's own, too, where no storage is needed: no database connection waits for a storage.
    expect((await unlucky.viewer.get('/v1/sources')).status).toBe(200);
    for (const late of await Promise.all(stuck)) expectProblem(late, 'storage_timeout', 504);
  });

  it('ST-10 answers 504 to an upload, which leaves no source', async () => {
    fake.script('PutObject', silence);
    const id = freshId('s');
    expectProblem(await unlucky.editor.put(id, 'lost'), 'storage_timeout', 504);
    expect((await unlucky.viewer.get(`/v1/sources/${id}`)).status).toBe(404);
  });

  it('ST-11 breaks the transfer of a body that stands still', async () => {
    fake.script('GetObject', stalledBody(BIG.length, BIG.subarray(0, 500_000)));
    const headers = { authorization: `Bearer ${unlucky.viewer.token ?? ''}` };
    const begun = await fetch(gateway.url + path, { headers });
    expect(begun.status).toBe(200);
    await expect(begun.arrayBuffer()).rejects.toThrow();
  });

  it('ST-14 answers 503 with Retry-After while the storage is overloaded, and ST-17 when it refuses', async () => {
    fake.script('GetObject', errorAnswer(503, 'ServiceUnavailable', { 'retry-after': '7' }));
    const overloaded = await unlucky.viewer.get(path);
    expectProblem(overloaded, 'storage_unavailable', 503);
    expect(overloaded.headers.get('retry-after')).toBe('7');
    fake.script('GetObject', errorAnswer(403, 'InvalidAccessKeyId'));
    expectProblem(await unlucky.viewer.get(path), 'storage_unavailable', 503);
    fake.script('GetObject', answer(200, BIG));
    expect((await unlucky.viewer.get(path)).bytes.equals(BIG)).toBe(true);
  });

  it('IV-16 takes no storage of a tenant at an address that is not allowed', async () => {
    const { port } = new URL(fake.endpoint);
    const before = fake.requests.length;
    for (const host of [
      '127.0.0.2',
      '[::1]',
      '0x7f.2',
      '[::ffff:127.0.0.2]',
      '169.254.169.254',
      '10.0.0.1',
    ]) {
      const endpoint = `http://${host}:${port}`;
      const json = {
        adapter: 's3',
        profile: 'seaweedfs',
        endpoint,
        bucket: BUCKET,
        credentials: { access_key_id: ACCESS_KEY_ID, secret_access_key: 'fake-secret-access-key' },
      };
      const refused = await lucky.admin.request('PUT', `/v1/tenants/${lucky.id}/storage-binding`, { json });
      // A refused connection would be a 422 as well, with other words.
      expect([host, refused.status, refused.text]).toEqual([
        host,
        422,
        expect.stringContaining('leads to an address that is not allowed'),
      ]);
    }
    expect(fake.requests.length).toBe(before);
  });
});
