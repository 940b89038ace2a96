import { expectStatus, makeUnboundTenant, type Api, type Json, type TestTenant } from './api.js';
import { URL_MAKERS } from './download-urls.js';
import type { Delivery } from './storage-under-test.js';
import type { TestBucket } from './test-bucket.js';

/** The ways in which a tenant's downloads are handed out. */
export const DELIVERIES = ['direct', 'redirect', 'proxy'] as const satisfies readonly Delivery[];

/** A tenant for each delivery, all in one bucket. */
export interface DeliveringTenants {
  readonly bucket: TestBucket;
  readonly by: Readonly<Record<Delivery, TestTenant>>;
}

/** Makes the tenants; `origin` is where their bindings reach the server of the bucket. */
export async function makeDeliveringTenants(
  root: Api,
  bucket: TestBucket,
  origin = bucket.origin,
): Promise<DeliveringTenants> {
  const made = DELIVERIES.map(async (delivery) => {
    const tenant = await makeUnboundTenant(root);
    await deliver(tenant, bucket, delivery, origin);
    return [delivery, tenant] as const;
  });
  const by = Object.fromEntries(await Promise.all(made)) as Record<Delivery, TestTenant>;
  return { bucket, by };
}

/** Sets how a tenant's downloads are handed out. Its objects stay where they are. */
export async function deliver(
  { id, admin }: TestTenant,
  bucket: TestBucket,
  delivery: Delivery,
  origin = bucket.origin,
): Promise<void> {
  const json = bucket.binding({ delivery, ...bucket.at(origin), prefix: id });
  expectStatus(await admin.request('PUT', `/v1/tenants/${id}/storage-binding`, { json }), 200);
}

/** Every way to get a URL for a source: {@link URL_MAKERS}, and the call for many. */
export const WAYS: typeof URL_MAKERS = {
  ...URL_MAKERS,
  'the batch call': (caller, { sourceId }) => downloadUrl(caller, sourceId),
};

/** A download URL of one source, by the call for many: of the storage itself where delivery is `direct`. */
export async function downloadUrl(caller: Api, sourceId: string, wish: object = {}): Promise<string> {
  return (await batch(caller, [sourceId], wish)).data[0].url as string;
}

/** Asks for URLs of many sources; `wish` are further fields of the body. */
export async function batch(caller: Api, ids: readonly string[], wish: object = {}): Promise<Json> {
  const answer = await caller.post('/v1/links/batch', { source_ids: ids, ...wish });
  expectStatus(answer, 200);
  return answer.json;
}

/** A URL opened as a browser would: no token, redirects followed. */
export async function follow(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Headers; bytes: Buffer; finalUrl: string }> {
  const response = await fetch(url, { headers });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, finalUrl: response.url };
}
