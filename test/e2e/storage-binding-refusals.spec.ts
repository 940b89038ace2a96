import { beforeAll, describe, expect, it } from '@jest/globals';

import { makeTenant, makeUnboundTenant, type Answer, type Api, type TestTenant } from '../support/api.js';
import { BUCKET_START_MS, describeWithBucket, makeBucket } from '../support/run-bucket.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { WRONG_CREDENTIALS, type TestBucket } from '../support/test-bucket.js';

const { root, anonymous } = sharedGateway();
const tenant = await makeTenant(root);
const path = `/v1/tenants/${tenant.id}/storage-binding`;
const KEYS = { access_key_id: 'some-key', secret_access_key: 'some-secret' };
const S3 = { adapter: 's3', endpoint: 'https://s3.example.com', bucket: 'docs', credentials: KEYS };
const STEPS = ['open', 'write', 'read', 'range', 'checksum', 'presign', 'fetch', 'delete'];

function bind(caller: Api, json: unknown, of: TestTenant = tenant): Promise<Answer> {
  return caller.request('PUT', `/v1/tenants/${of.id}/storage-binding`, { json });
}

describe('a storage binding that cannot be', () => {
  it.each([
    [{}, 'adapter missing'],
    [{ adapter: 'tape' }, 'adapter invalid'],
    [{ ...S3, colour: 'red' }, 'colour unknown'],
    [{ ...S3, profile: 'floppy' }, 'profile invalid'],
    [{ ...S3, endpoint: 'ftp://x' }, 'endpoint invalid'],
    [{ ...S3, region: 'a b' }, 'region invalid'],
    [{ ...S3, bucket: '../x' }, 'bucket invalid'],
    [{ ...S3, bucket: 'Upper' }, 'bucket invalid'],
    [{ ...S3, container: 'docs' }, 'container invalid'],
    [{ ...S3, create: 'yes' }, 'create invalid'],
    [{ ...S3, prefix: 'a/../b' }, 'prefix invalid'],
    [{ ...S3, prefix: '/a' }, 'prefix invalid'],
    [{ ...S3, credentials: 'key' }, 'credentials invalid'],
    [{ ...S3, credentials: { ...KEYS, password: 'x' } }, 'credentials.password unknown'],
    [{ ...S3, credentials: { access_key_id: 'x' } }, 'credentials.secret_access_key missing'],
    [{ ...S3, delivery: 'pigeon' }, 'delivery invalid'],
    [{ ...S3, adapter: 'azure' }, 'bucket invalid'],
  ])('answers 422 and names the field: %j', async (body, fault) => {
    const answer = await bind(tenant.admin, body);
    expect(answer).toMatchObject({ status: 422, json: { code: 'validation_failed' } });
    const errors = answer.json.errors as { field: string; code: string }[];
    expect(errors.map(({ field, code }) => `${field} ${code}`)).toContain(fault);
    expect(answer.text).not.toContain('some-secret');
  });

  it('gives the data folder and the operator’s credentials to nobody but by the platform', async () => {
    const bare = { ...S3, credentials: null };
    for (const body of [{ adapter: 'filesystem' }, bare])
      expect(await bind(tenant.admin, body)).toMatchObject({
        status: 403,
        json: { code: 'operator_storage_forbidden' },
      });
    // This gateway's default storage is its folder: there are no credentials to give.
    expect((await bind(root, bare)).json.errors).toMatchObject([{ field: 'credentials', code: 'missing' }]);
    const given = await makeUnboundTenant(root);
    expect(await bind(root, { adapter: 'filesystem', delivery: 'direct' }, given)).toMatchObject({
      status: 200,
      json: { adapter: 'filesystem', bucket: null, delivery: 'proxy' },
    });
    expect((await given.editor.put('in-the-folder', 'kept')).status).toBe(201);
    expect((await given.viewer.get('/v1/sources/in-the-folder/content')).text).toBe('kept');
  });
});

describe('whose storage binding it is', () => {
  it('AZ-02: is nobody’s but the tenant’s own: to another it looks as if there were no such tenant', async () => {
    const stranger = await makeTenant(root);
    for (const target of [path, '/v1/tenants/no-such-tenant/storage-binding'])
      for (const answer of [
        await stranger.admin.get(target),
        await stranger.admin.request('PUT', target, { json: S3 }),
        await stranger.admin.delete(target),
      ])
        expect(answer).toMatchObject({ status: 404, json: { code: 'tenant_not_found' } });
    for (const answer of [
      await root.get('/v1/tenants/no-such-tenant/storage-binding'),
      await root.request('PUT', '/v1/tenants/no-such-tenant/storage-binding', { json: S3 }),
      await root.delete('/v1/tenants/no-such-tenant/storage-binding'),
    ])
      expect(answer).toMatchObject({ status: 404, json: { code: 'tenant_not_found' } });
  });

  it('AZ-01: is for tokens with storage:manage', async () => {
    for (const caller of [tenant.editor, tenant.viewer, tenant.uploader])
      for (const answer of [await caller.get(path), await bind(caller, S3), await caller.delete(path)])
        expect(answer).toMatchObject({
          status: 403,
          json: { code: 'insufficient_scope', required_scopes: ['storage:manage'] },
        });
    for (const answer of [await anonymous.get(path), await bind(anonymous, S3), await anonymous.delete(path)])
      expect(answer.status).toBe(401);
  });
});

describe('IV-16: an endpoint that only the gateway can reach', () => {
  it.each([
    ['http://169.254.169.254', 'a metadata service'],
    ['http://10.0.0.1:7480', 'a private address'],
    ['http://[::1]:7480', 'loopback in IPv6'],
    ['http://[::ffff:10.0.0.1]', 'a mapped address'],
    ['http://0xa9fea9fe', 'an address in another spelling'],
  ])('is refused without a connection: %s, %s', async (endpoint) => {
    for (const caller of [tenant.admin, root]) {
      const refused = await bind(caller, { ...S3, endpoint });
      expect(refused).toMatchObject({ status: 422, json: { code: 'storage_probe_failed' } });
      expect(refused.json.detail).toMatch(/"open": The endpoint leads to an address that is not allowed/);
    }
  });
});

describeWithBucket('ST-17: a storage that fails its trial', () => {
  let bucket: TestBucket;
  let before: unknown;

  beforeAll(async () => {
    bucket = await makeBucket();
    before = (await bind(tenant.admin, bucket.binding())).json;
  }, BUCKET_START_MS);

  it.each(WRONG_CREDENTIALS)('is not taken with %s, and the binding before stays in force', async (what) => {
    const credentials = bucket.wrong(what);
    const refused = await bind(tenant.admin, bucket.binding({ credentials }));
    expect(refused).toMatchObject({ status: 422, json: { code: 'storage_probe_failed' } });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(refused.json.detail).toMatch(/"open": The storage refuses the credentials/);
    const steps = refused.json.steps as { step: string; ok: boolean | null }[];
    expect(steps.map(({ step, ok }) => [step, ok])).toEqual(
      STEPS.map((step) => [step, step === 'open' ? false : null]),
    );
    const named = [...Object.values(credentials), bucket.name, bucket.origin];
    for (const hidden of [...named, '<', 'Exception']) expect(refused.text).not.toContain(hidden);
    expect((await tenant.admin.get(path)).json).toEqual(before);
  });

  it.each<[string, (of: TestBucket) => Record<string, unknown>, RegExp]>([
    ['the bucket is absent', (of) => of.named('no-such-bucket-here'), /There is no such bucket/],
    ['nothing answers', (of) => of.at('http://127.0.0.1:9'), /Nothing answers at the endpoint/],
  ])('is not taken when %s', async (_what, change, words) => {
    const refused = await bind(tenant.admin, bucket.binding(change(bucket)));
    expect(refused).toMatchObject({ status: 422, json: { code: 'storage_probe_failed' } });
    expect(refused.json.detail).toMatch(words);
    expect((await tenant.admin.get(path)).json).toEqual(before);
  });
});
