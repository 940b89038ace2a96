import { azureBinding, sharedAzurite } from './azurite.js';
import { cephBinding, sharedCeph } from './ceph.js';

/** Kinds of storage that suites run on: `npm test -- --storage=NAME`, the filesystem when nothing is said. */
export type StorageName = 'filesystem' | 'ceph' | 'azure';

/** How a tenant's downloads are handed out. */
export type Delivery = 'direct' | 'redirect' | 'proxy';

/** Where the objects of the suites' tenants are in this run. */
export const STORAGE = (process.env['GATEHOLD_TEST_STORAGE'] ?? 'filesystem') as StorageName;

/** How downloads of those tenants are handed out unless a suite asks for something else. */
export const USUAL_DELIVERY: Delivery = STORAGE === 'filesystem' ? 'proxy' : 'direct';

/** What the names of all objects in the run's buckets begin with. */
export const RUN_PREFIX = 'tenants';

/** What the ids of tenants begin with that are not in the storage under test, because the operator's is what matters. */
export const UNBOUND = 'unbound';

/**
 * Settings that every gateway of the tests gets in this run, so that it may reach the storage, and is patient with it; and
 * whether it keeps what it reads: `npm test -- --cache=off`.
 */
export const REACHABLE: Readonly<Record<string, string>> = {
  ...(JSON.parse(process.env['GATEHOLD_TEST_REACHABLE'] ?? '{}') as Record<string, string>),
  GATEHOLD_CACHE: process.env['GATEHOLD_TEST_CACHE'] ?? 'on',
};

/** The bucket or container of this run for one gateway: all of its tenants share it, and no other gateway writes there. */
export function runBucketName(gatewayUrl: string): string {
  return `run-${process.env['GATEHOLD_TEST_RUN'] ?? 'alone'}-${new URL(gatewayUrl).port}`;
}

/**
 * What a tenant of a gateway has to say to have its objects in the storage under test, in a bucket of the gateway that is
 * made when it is absent; null on the filesystem, where they go when nothing is said.
 */
export async function runBinding(gatewayUrl: string): Promise<Record<string, unknown> | null> {
  const change = { create: true, prefix: RUN_PREFIX };
  const name = runBucketName(gatewayUrl);
  if (STORAGE === 'azure') return { ...azureBinding((await sharedAzurite()).account, name), ...change };
  if (STORAGE === 'filesystem') return null;
  const ceph = await sharedCeph();
  return { ...cephBinding(ceph, ceph.tenantUser, name), ...change };
}

/** Where the URLs lead that tenants of a gateway are handed without a link of the gateway's own. */
export async function usualOrigin(gatewayUrl: string): Promise<string> {
  if (STORAGE === 'azure') return new URL((await sharedAzurite()).account.endpoint).origin;
  return STORAGE === 'ceph' ? (await sharedCeph()).endpoint : gatewayUrl;
}
