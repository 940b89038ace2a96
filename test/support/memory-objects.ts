import { existsSync } from 'node:fs';
import { request } from 'node:http';

import type { LookedAt, TenantObject } from './tenant-object.js';

/** Where a gateway of the second deployment shows its objects; null for any other gateway. See test/deployment/main.mjs. */
export function memorySocket({ dataDir }: LookedAt): string | null {
  const path = `${dataDir}.sock`;
  return existsSync(path) ? path : null;
}

/** All objects in memory below a tenant's key. */
export async function inMemoryBelow(socketPath: string, tenantKey: string): Promise<TenantObject[]> {
  const listed = JSON.parse((await ask(socketPath, 'GET', tenantKey)).toString('utf8')) as {
    readonly key: string;
    readonly sizeBytes: number;
  }[];
  return listed.map(({ key, sizeBytes }) => ({
    name: key.slice(tenantKey.length + 1),
    sizeBytes,
    read: () => ask(socketPath, 'GET', key),
    write: async (bytes) => {
      await ask(socketPath, 'PUT', key, bytes);
    },
    remove: async () => {
      await ask(socketPath, 'DELETE', key);
    },
  }));
}

async function ask(socketPath: string, method: string, key: string, body?: Buffer): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path: `/${key}` }, (answer) => {
      answer.toArray().then((chunks: Buffer[]) => resolve(Buffer.concat(chunks)), reject);
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
