import { readFile } from 'node:fs/promises';

import { expectStatus, freshId, makeUnboundTenant, type Api, type TestTenant } from './api.js';
import { AzureContainer } from './azure-containers.js';
import { sharedAzurite } from './azurite.js';
import { CephBucket } from './ceph-buckets.js';
import { sharedCeph } from './ceph.js';
import { filesUnder, objectFolder, sha256 } from './gateway-inside.js';
import type { LookedAt } from './tenant-objects.js';
import type { TestBucket } from './test-bucket.js';

/** A tenant, and how to look at what its storage has of it past the gateway. */
export interface StoredTenant {
  readonly where: string;
  readonly tenant: TestTenant;
  /** SHA-256 of every object of the tenant, in order. */
  digests(): Promise<string[]>;
}

/** One gateway's tenants on a filesystem, in a bucket of Ceph that a user of the tenant's own has, and on Azurite. */
export interface ThreeTenants {
  readonly all: readonly StoredTenant[];
  readonly ceph: CephBucket;
}

/** Makes the tenants; their links are answered by the gateway, so that all bytes pass through it. */
export async function makeThreeTenants(gateway: LookedAt & { readonly root: Api }): Promise<ThreeTenants> {
  const { root } = gateway;
  const [server, azurite] = await Promise.all([sharedCeph(), sharedAzurite()]);
  const ceph = new CephBucket(server, freshId('tenant'), server.tenantUser);
  const container = new AzureContainer(azurite, freshId('tenant'));
  const [onFiles, onCeph, onAzure] = await Promise.all([
    bound(root, { adapter: 'filesystem' }),
    bound(root, ceph.binding({ create: true, delivery: 'proxy' })),
    bound(root, container.binding({ create: true, delivery: 'proxy', prefix: 'below/here' })),
  ]);
  const all = [
    { where: 'the filesystem', tenant: onFiles, digests: () => digestsOfFiles(gateway, onFiles) },
    { where: 'Ceph', tenant: onCeph, digests: () => digestsIn(ceph) },
    { where: 'Azurite', tenant: onAzure, digests: () => digestsIn(container) },
  ];
  return { all, ceph };
}

async function bound(root: Api, json: Record<string, unknown>): Promise<TestTenant> {
  const tenant = await makeUnboundTenant(root);
  const path = `/v1/tenants/${tenant.id}/storage-binding`;
  expectStatus(await root.request('PUT', path, { json }), 200);
  return tenant;
}

async function digestsOfFiles({ dataDir }: LookedAt, { editor }: TestTenant): Promise<string[]> {
  const files = await filesUnder(objectFolder(dataDir, editor));
  return (await Promise.all(files.map(async (file) => sha256(await readFile(file))))).sort();
}

async function digestsIn(bucket: TestBucket): Promise<string[]> {
  const objects = await bucket.everything();
  return (await Promise.all(objects.map(async ({ name }) => sha256(await bucket.read(name))))).sort();
}
