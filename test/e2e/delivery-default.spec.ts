import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import { Api, makeUnboundTenant } from '../support/api.js';
import { deliver, follow, WAYS } from '../support/delivering-tenants.js';
import { storeFile } from '../support/download-urls.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { BUCKET_START_MS, describeWithBucket, makeBucket } from '../support/run-bucket.js';
import { settingsOf, type TestBucket } from '../support/test-bucket.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(120_000);

describeWithBucket("delivery from the operator's storage", () => {
  let bucket: TestBucket;
  let gateway: GatewayProcess;
  let root: Api;

  const start = async (dataDir: string | undefined, delivery: Record<string, string>): Promise<void> => {
    gateway = await GatewayProcess.start({
      ...(dataDir === undefined ? {} : { dataDir }),
      env: { ...settingsOf(bucket.binding()), GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8', ...delivery },
    });
    root = new Api(gateway.url, gateway.rootToken);
  };

  beforeAll(async () => {
    bucket = await makeBucket();
    await start(undefined, {});
  }, BUCKET_START_MS);

  afterAll(() => gateway.dispose());

  /** Where the ways to get a URL lead at first. */
  async function origins(own: Awaited<ReturnType<typeof makeUnboundTenant>>): Promise<string[]> {
    const sourceId = await storeFile(own.editor, 'a.txt', 'text/plain', 'kept');
    const found = new Set<string>();
    for (const make of Object.values(WAYS)) {
      const url = await make(own.editor, { tenantId: own.id, sourceId });
      expect((await follow(url)).bytes.toString()).toBe('kept');
      found.add(new URL(url).origin);
    }
    return [...found].sort();
  }

  it('is direct where nothing else is said, and what a tenant says of itself goes before', async () => {
    const both = [bucket.origin, gateway.url].sort();
    expect(await origins(await makeUnboundTenant(root))).toEqual(both);
    const tenant = await makeUnboundTenant(root);
    await deliver(tenant, bucket, 'proxy');
    expect(await origins(tenant)).toEqual([gateway.url]);
    expect((await tenant.admin.delete(`/v1/tenants/${tenant.id}/storage-binding`)).status).toBe(204);
    expect(await origins(tenant)).toEqual(both);
  });

  it('is what GATEHOLD_STORAGE_DELIVERY says after a restart, for what is stored already too', async () => {
    const tenant = await makeUnboundTenant(root);
    const sourceId = await storeFile(tenant.editor, 'a.txt', 'text/plain', 'kept');
    const { dataDir } = gateway;
    expect(await gateway.signal('SIGTERM')).toBe(0);
    const before = gateway;
    await start(dataDir, { GATEHOLD_STORAGE_DELIVERY: 'redirect' });
    const editor = new Api(gateway.url, tenant.editor.token);
    for (const make of Object.values(WAYS)) {
      const url = await make(editor, { tenantId: tenant.id, sourceId });
      expect(new URL(url).origin).toBe(gateway.url);
      const { bytes, finalUrl } = await follow(url);
      expect([bytes.toString(), new URL(finalUrl).origin]).toEqual(['kept', bucket.origin]);
    }
    await gateway.signal('SIGTERM');
    await before.dispose();
  });
});
