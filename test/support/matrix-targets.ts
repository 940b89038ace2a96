import { randomUUID } from 'node:crypto';

import { expectStatus, freshId, makeToken, settle, type Answer, type Api, type Json } from './api.js';
import { eventually } from './eventually.js';
import { asOwner } from './owner-connection.js';
import { STORAGE } from './storage-under-test.js';

/** In the name or content of everything that a caller without rights must not see. */
export const MARK = 'seen-by-home-only';

const EDITOR = { name: 'test', role: 'editor' };

/** One of everything in a sub-tenant, for a call to be aimed at. */
export interface Target {
  readonly tenantId: string;
  readonly subTenantId: string;
  readonly sourceId: string;
  readonly linkId: string;
  /** The link of {@link linkId}. */
  readonly linkUrl: string;
  readonly tokenId: string;
  /** An upload by URL of which nothing has come, and its URL. */
  readonly uploadId: string;
  readonly uploadUrl: string;
  /** A sub-tenant that may be renamed, suspended or deleted. */
  readonly childId: string;
}

/** Makes one of everything, all of it marked. `maker` may do all in the tenant; without `childId` an empty sub-tenant is made. */
export async function makeTarget(
  maker: Api,
  tenantId: string,
  subTenantId: string,
  childId?: string,
): Promise<Target> {
  const headers = { 'x-tenant-id': tenantId, 'x-sub-tenant-id': subTenantId };
  const sourceId = randomUUID();
  const path = `/v1/sources/${sourceId}`;
  const content = { headers: { ...headers, 'content-type': 'text/plain' }, body: `content ${MARK}` };
  done(await maker.request('PUT', `${path}/content?name=${MARK}.txt`, content));
  const link = done(await maker.post(`${path}/links`, { filename: `${MARK}.txt` }, { headers })).json;
  const upload = await beginUpload(maker, headers);
  const wish = { name: MARK, role: 'viewer', sub_tenant_ids: [subTenantId] };
  const token = done(await maker.post(`/v1/tenants/${tenantId}/tokens`, wish)).json;
  const child = childId ?? (await makeSubTenant(maker, tenantId, freshId('child')));
  return {
    tenantId,
    subTenantId,
    sourceId,
    linkId: link.link_id as string,
    linkUrl: link.url as string,
    tokenId: token.token_id as string,
    uploadId: upload.upload_id as string,
    uploadUrl: upload.url as string,
    childId: child,
  };
}

/** Begins an upload by URL that is open for longer than any suite takes. */
export async function beginUpload(maker: Api, headers: Readonly<Record<string, string>>): Promise<Json> {
  const wish = { name: `${MARK}.txt`, expires_in: 86_400 };
  return done(await maker.post('/v1/uploads', wish, { headers })).json;
}

/** Sends something to the URL of an upload, which completes it. */
export async function sendUpload(root: Api, url: string): Promise<void> {
  const headers = { 'content-type': 'text/plain' };
  done(await root.as(null).request('PUT', url, { body: `content ${MARK}`, headers }));
}

/** Makes a sub-tenant whose name is marked, and answers its id. */
export async function makeSubTenant(maker: Api, tenantId: string, id: string): Promise<string> {
  const wish = { sub_tenant_id: id, name: `${MARK} ${id}` };
  done(await maker.post(`/v1/tenants/${tenantId}/sub-tenants`, wish));
  return id;
}

/** Binds a tenant to where its objects are anyway, so that it has a binding on every storage. */
export async function bindInPlace(root: Api, tenantId: string): Promise<void> {
  if (STORAGE === 'filesystem') {
    const wish = { json: { adapter: 'filesystem' } };
    done(await root.request('PUT', `/v1/tenants/${tenantId}/storage-binding`, wish));
  } else await settle(root, tenantId, 'proxy');
}

/** A link whose own time is over, and nothing else of it: the token that it came from lives on. */
export async function makeExpiredLink(root: Api, dataDir: string, target: Target): Promise<string> {
  // A link lives for a minute at least, unless the token that makes it ends before; that must not be too soon either.
  for (let life = 1; life < 60; life *= 2) {
    const end = new Date(Date.now() + life * 1_000).toISOString();
    const made = await root.post(`/v1/tenants/${target.tenantId}/tokens`, { ...EDITOR, expires_at: end });
    const headers = { 'x-sub-tenant-id': target.subTenantId };
    const maker = root.as((made.json?.token as string | undefined) ?? null);
    const { status, json } = await maker.post(`/v1/sources/${target.sourceId}/links`, {}, { headers });
    if (status !== 201) continue;
    const url = json.url as string;
    await eventually('the link expires', async () => (await root.as(null).get(url)).status === 410);
    await asOwner(dataDir, (owner) =>
      owner.query('UPDATE tokens SET expires_at = NULL WHERE token_id = $1', [json.token_id]),
    );
    return url;
  }
  throw new Error('No token lived for long enough to make a link.');
}

/** A link of a token that was revoked. */
export async function makeOrphanedLink(root: Api, target: Target): Promise<string> {
  const { tenantId, subTenantId: sub, sourceId } = target;
  const maker = await makeToken(root, tenantId, { role: 'editor' });
  const headers = { 'x-sub-tenant-id': sub };
  const { url } = done(await maker.post(`/v1/sources/${sourceId}/links`, {}, { headers })).json;
  await revoke(root, maker, tenantId);
  return url as string;
}

/** Revokes a caller's token. */
export async function revoke(root: Api, caller: Api, tenantId: string): Promise<void> {
  const { token_id: id } = done(await caller.get('/v1/me')).json;
  expectStatus(await root.delete(`/v1/tenants/${tenantId}/tokens/${String(id)}`), 204);
}

/** The answer, when it is a 2xx; throws otherwise, with its body. */
export function done(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`Got ${answer.status}: ${answer.text.slice(0, 500)}`);
  return answer;
}
