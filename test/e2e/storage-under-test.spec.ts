import { expect, it, jest } from '@jest/globals';

import { freshId, makeProxyTenant, makeTenant } from '../support/api.js';
import { filesUnder, objectFolder, pattern, sha256 } from '../support/gateway-inside.js';
import { follow, WAYS } from '../support/delivering-tenants.js';
import { runBucket } from '../support/run-bucket.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { runBucketName, STORAGE, USUAL_DELIVERY, usualOrigin } from '../support/storage-under-test.js';
import { objectsOf } from '../support/tenant-objects.js';

jest.setTimeout(120_000);

const gateway = sharedGateway();
const SIZES = [0, 1, 65_537, 11 * 2 ** 20 + 7];

it(`${STORAGE}: has the objects of the suites’ tenants, byte for byte, and no other place has them`, async () => {
  const tenant = await makeTenant(gateway.root);
  const digests = SIZES.map((size) => sha256(pattern(size)));
  for (const size of SIZES) expect((await tenant.editor.put(freshId('s'), pattern(size))).status).toBe(201);
  const objects = await objectsOf(gateway, tenant.editor);
  const stored = await Promise.all(objects.map(async (object) => sha256(await object.read())));
  expect(stored.sort()).toEqual([...digests].sort());
  const files = await filesUnder(objectFolder(gateway.dataDir, tenant.editor));
  expect(files).toHaveLength(STORAGE === 'filesystem' ? SIZES.length : 0);
});

it(`${STORAGE}: is what a tenant says of itself, and hands out URLs of its usual delivery`, async () => {
  const tenant = await makeTenant(gateway.root);
  const answer = await tenant.admin.get(`/v1/tenants/${tenant.id}/storage-binding`);
  const { adapter, bucket, container, delivery } = (answer.json ?? {}) as Record<string, unknown>;
  const name = runBucketName(gateway.url);
  expect([answer.status, adapter, bucket ?? container, delivery]).toEqual(
    {
      filesystem: [404, undefined, undefined, undefined],
      ceph: [200, 's3', name, USUAL_DELIVERY],
      azure: [200, 'azure', name, USUAL_DELIVERY],
    }[STORAGE],
  );
  const made = (await tenant.editor.upload('kept', 'a.txt', 'text/plain')).json.source_id as string;
  const { 'a managed link': ofLink, ...others } = WAYS;
  const source = { tenantId: tenant.id, sourceId: made };
  for (const make of Object.values(others))
    expect(new URL(await make(tenant.editor, source)).origin).toBe(await usualOrigin(gateway.url));
  const link = await ofLink?.(tenant.editor, source);
  expect(new URL(link ?? '').origin).toBe(gateway.url);
  const opened = await follow(link ?? '');
  expect([opened.bytes.toString(), new URL(opened.finalUrl).origin]).toEqual([
    'kept',
    await usualOrigin(gateway.url),
  ]);
});

it(`${STORAGE}: is asked by the gateway alone, where a suite wants links of the gateway`, async () => {
  const tenant = await makeProxyTenant(gateway.root);
  const sourceId = (await tenant.editor.upload('kept', 'a.txt', 'text/plain')).json.source_id as string;
  for (const make of Object.values(WAYS)) {
    const { bytes, finalUrl } = await follow(await make(tenant.editor, { tenantId: tenant.id, sourceId }));
    expect([bytes.toString(), new URL(finalUrl).origin]).toEqual(['kept', gateway.url]);
  }
});

it(`${STORAGE}: keeps nothing in a shared bucket but under opaque names below the run’s prefix`, async () => {
  if (STORAGE === 'filesystem') {
    const names = (await filesUnder(`${gateway.dataDir}/objects`)).map((file) => file.split('/objects/')[1]);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]{12}\/_[0-9a-f]{2}\/[.0-9a-z-]+$/);
    return;
  }
  // Trials of the storage come and go under a name of their own.
  const name = /^tenants\/(?:\.uploads\/)?(?:[a-z0-9]{12}|gatehold-probe)\/[0-9a-f-]{36}(?:[ /]\S+)?$/;
  for (const object of await (await runBucket(gateway.url)).everything()) expect(object.name).toMatch(name);
});
