import { createHash } from 'node:crypto';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

import type { Api } from './api.js';
import { eventually } from './eventually.js';
import { asOwner } from './owner-connection.js';

/** The folder that a tenant's objects lie in; a token names its tenant's opaque key. */
export function objectFolder(dataDir: string, caller: Api): string {
  return join(dataDir, 'objects', (caller.token ?? '').split('_')[1] ?? '');
}

/** Every file of a tenant, unfinished ones included. */
export async function objectFiles(dataDir: string, caller: Api): Promise<string[]> {
  return await filesUnder(objectFolder(dataDir, caller));
}

/** Every file under a folder; none when it is absent. */
export async function filesUnder(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    // Jest's errors are of another realm, so `instanceof` says nothing.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Waits until a tenant has exactly so many files: removal follows the answer, by way of the outbox. */
export async function untilFiles(dataDir: string, caller: Api, count: number): Promise<string[]> {
  return await eventually(`${count} object files`, async () => {
    const files = await objectFiles(dataDir, caller);
    return files.length === count ? files : null;
  });
}

/** What a process has open that a request could have left open: sockets and the tenant's files. */
export async function descriptorCount(pid: number, dataDir: string): Promise<number> {
  const folder = `/proc/${pid}/fd`;
  const targets = await Promise.all(
    (await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith('socket:') || target.startsWith(dataDir)).length;
}

/** Counts rows as the owner of an embedded database, who sees those of every tenant. */
export async function countRows(dataDir: string, table: string, tenantId: string): Promise<number> {
  return await asOwner(dataDir, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${client.escapeIdentifier(table)} WHERE tenant_id = $1`,
      [tenantId],
    );
    return rows[0]?.count ?? 0;
  });
}

/** SHA-256 in hex. */
export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A digest field for bytes (RFC 9530). */
export function digestField(bytes: Buffer | string): string {
  return `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
}

/** Bytes of a length that tell positions apart. */
export function pattern(length: number, seed = 7): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index += 1)
    bytes[index] = (index * 31 + (index >> 8) * 17 + seed) & 0xff;
  return bytes;
}
