import { createHash } from 'node:crypto';

import {
  expectStatus,
  freshId,
  makeUnboundTenant,
  type Answer,
  type Api,
  type Json,
  type TestTenant,
} from './api.js';
import { sharedAzurite } from './azurite.js';
import { sharedCeph } from './ceph.js';
import { CephBucket } from './ceph-buckets.js';

/** Bytes of a part on the shared gateway; more than these come in parts. */
export const PART_BYTES = 5 * 2 ** 20;

/** Where an upload's bytes go: to whom, and with what. */
export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Begins an upload; throws unless it is granted. */
export async function begin(caller: Api, wish: Readonly<Record<string, unknown>>): Promise<Json> {
  const answer = await caller.post('/v1/uploads', { name: 'upload.bin', ...wish });
  expectStatus(answer, 201);
  return answer.json;
}

/** What is declared of bytes that are known. */
export function declared(bytes: Buffer): { size_bytes: number; checksum_sha256: string } {
  return { size_bytes: bytes.length, checksum_sha256: sha256(bytes) };
}

/** Sends bytes to one URL as any HTTP client does; `changed` headers replace those that were asked for. */
export async function send(
  { url, headers }: Target,
  bytes: Buffer,
  changed: Readonly<Record<string, string>> = {},
): Promise<{ status: number; etag: string | null; text: string }> {
  const init = { method: 'PUT', headers: { ...headers, ...changed }, body: new Uint8Array(bytes) };
  const answer = await fetch(url, init);
  return { status: answer.status, etag: answer.headers.get('etag'), text: await answer.text() };
}

/** Sends all bytes of an upload, whole or in parts, and answers what a client would say of the parts. */
export async function sendAll(
  upload: Json,
  bytes: Buffer,
): Promise<{ part_number: number; etag: string | null }[]> {
  if (upload.parts === undefined) {
    const { status, text } = await send(upload as Target, bytes);
    if (status > 299) throw new Error(`The bytes were refused: ${status} ${text}`);
    return [];
  }
  let start = 0;
  const sent = [];
  for (const part of upload.parts as (Target & { part_number: number; size_bytes: number })[]) {
    const { status, etag, text } = await send(part, bytes.subarray(start, start + part.size_bytes));
    if (status > 299) throw new Error(`A part was refused: ${status} ${text}`);
    sent.push({ part_number: part.part_number, etag });
    start += part.size_bytes;
  }
  return sent;
}

export function complete(caller: Api, upload: Json, body?: unknown): Promise<Answer> {
  return caller.post(`/v1/uploads/${upload.upload_id as string}/complete`, body);
}

/** The content of a source, as its bearer gets it. */
export async function contentOf(caller: Api, sourceId: string): Promise<Buffer> {
  const answer = await caller.get(`/v1/sources/${sourceId}/content`);
  expectStatus(answer, 200);
  return answer.bytes;
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What a tenant holds and has reserved, without what is divided by sub-tenants. */
export async function usageOf(tenant: TestTenant): Promise<Json> {
  const { objects, bytes, reserved_objects, reserved_bytes } = (
    await tenant.admin.get(`/v1/tenants/${tenant.id}/usage`)
  ).json;
  return { objects, bytes, reserved_objects, reserved_bytes };
}

/** A tenant on the gateway's own folder. */
export const onFilesystem = makeUnboundTenant;

/** A tenant with a bucket of its own, to which its clients send bytes themselves. */
export async function onCeph(root: Api, change: Readonly<Record<string, unknown>> = {}): Promise<TestTenant> {
  const bucket = await CephBucket.make(await sharedCeph());
  return await bound(root, bucket.binding({ delivery: 'direct', ...change }));
}

/** A tenant with a container of its own, to which its clients send bytes themselves. */
export async function onAzurite(root: Api): Promise<TestTenant> {
  const { endpoint, accountName, accountKey } = (await sharedAzurite()).account;
  return await bound(root, {
    adapter: 'azure',
    endpoint,
    container: freshId('container'),
    create: true,
    credentials: { account_name: accountName, account_key: accountKey },
    delivery: 'direct',
  });
}

/** A tenant with a binding. */
export async function bound(root: Api, json: unknown): Promise<TestTenant> {
  const tenant = await makeUnboundTenant(root);
  expectStatus(await tenant.admin.request('PUT', `/v1/tenants/${tenant.id}/storage-binding`, { json }), 200);
  return tenant;
}
