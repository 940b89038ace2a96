import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import type { Api } from './api.js';
import { eventually } from './eventually.js';
import { filesUnder } from './gateway-inside.js';
import { inMemoryBelow, memorySocket } from './memory-objects.js';
import { runBucket } from './run-bucket.js';
import { RUN_PREFIX, STORAGE } from './storage-under-test.js';
import type { LookedAt, TenantObject } from './tenant-object.js';

export type { LookedAt, TenantObject } from './tenant-object.js';

/** The size of a file that went while the others were looked at. */
const GONE = -1;

/** All objects of a caller's tenant, unfinished ones included; a token names its tenant's opaque key. */
export async function objectsOf(gateway: LookedAt, { token }: Api): Promise<TenantObject[]> {
  return await objectsBelow(gateway, (token ?? '').split('_')[1] ?? '');
}

/** All objects below a tenant's key, unfinished ones included. */
export async function objectsBelow(gateway: LookedAt, tenantKey: string): Promise<TenantObject[]> {
  const socket = memorySocket(gateway);
  if (socket !== null) return await inMemoryBelow(socket, tenantKey);
  if (STORAGE === 'filesystem') return await filesBelow(join(gateway.dataDir, 'objects', tenantKey));
  const objects = await inBucketBelow(gateway, `${RUN_PREFIX}/${tenantKey}/`);
  if (STORAGE !== 'azure') return objects;
  // Blobs that parts are collected in lie apart there.
  return [...objects, ...(await inBucketBelow(gateway, `${RUN_PREFIX}/.uploads/${tenantKey}/`))];
}

/** Waits until a tenant has exactly so many objects: removal follows the answer, by way of the outbox. */
export async function untilObjects(gateway: LookedAt, caller: Api, count: number): Promise<TenantObject[]> {
  return await eventually(`${count} objects`, async () => {
    const objects = await objectsOf(gateway, caller);
    return objects.length === count ? objects : null;
  });
}

/** Waits until a tenant has one object, and another one than before. */
export async function untilReplaced(gateway: LookedAt, caller: Api, before: string): Promise<TenantObject> {
  return await eventually('the old object to go', async () => {
    const [one, ...more] = await objectsOf(gateway, caller);
    return one !== undefined && more.length === 0 && one.name !== before ? one : null;
  });
}

async function filesBelow(folder: string): Promise<TenantObject[]> {
  const paths = await filesUnder(folder);
  const described = paths.map(async (path): Promise<TenantObject> => ({
    name: relative(folder, path).replace(/^_[0-9a-f]{2}\//, ''),
    sizeBytes: await stat(path).then(
      ({ size }) => size,
      () => GONE,
    ),
    read: () => readFile(path),
    write: async (bytes) => {
      await chmod(path, 0o600);
      await writeFile(path, bytes);
    },
    remove: () => rm(path),
  }));
  return (await Promise.all(described)).filter(({ sizeBytes }) => sizeBytes !== GONE);
}

async function inBucketBelow(gateway: LookedAt, prefix: string): Promise<TenantObject[]> {
  const bucket = await runBucket(gateway.url);
  return (await bucket.everything(prefix)).map(({ name, sizeBytes }) => ({
    name: name.slice(prefix.length),
    sizeBytes,
    read: () => bucket.read(name),
    write: (bytes) => bucket.write(name, bytes),
    remove: () => bucket.remove(name),
  }));
}
