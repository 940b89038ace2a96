import { randomUUID } from 'node:crypto';

import { freshId, settle, type Answer, type Api, type RequestOptions } from './api.js';
import type { MatrixRow } from './matrix-table.js';
import { bindInPlace, done, makeTarget, type Target } from './matrix-targets.js';
import type { MatrixCaller, MatrixWorld } from './matrix-world.js';
import { uploadMetadata } from './tus.js';

/** What a call sends beside its path: always something that the gateway would take from who may. */
type Sent = (caller: MatrixCaller, target: Target, variant: string) => RequestOptions;

const fetched: Sent = ({ fetchTenant, subTenant }, { sourceId }) => ({
  json: { tenant_id: fetchTenant, sub_tenant_id: subTenant, source_id: sourceId, mode: 'both' },
});
const renamed: Sent = () => ({ json: { name: freshId('renamed') } });
const spoken = { 'tus-resumable': '1.0.0' };
const piece = { ...spoken, 'content-type': 'application/offset+octet-stream' };
const asked: Sent = () => ({ headers: spoken });
const bytes: Sent = () => ({ body: 'new bytes', headers: { 'content-type': 'application/octet-stream' } });

/** By call, what it sends. A call that takes a body must be here. */
export const BODIES: Readonly<Record<string, Sent>> = {
  'POST /fetch/content': fetched,
  'POST /fetch/fetch-source-content': fetched,
  'POST /fetch/fetch_source_content': fetched,
  'POST /v1/links/batch': (_, { sourceId }) => ({ json: { source_ids: [sourceId] } }),
  'POST /v1/sources': (_, { sourceId }, variant) => {
    const form = new FormData();
    if (variant === 'with an id in use') form.append('source_id', sourceId);
    form.append('file', new Blob(['new bytes'], { type: 'text/plain' }), 'new.txt');
    return { form };
  },
  'PATCH /v1/sources/{source_id}': renamed,
  'PUT /v1/sources/{source_id}/content': bytes,
  'POST /v1/sources/{source_id}/links': () => ({ json: { expires_in: 600 } }),
  'POST /v1/tus': (_, { sourceId }, variant) => ({
    headers: {
      ...piece,
      'upload-length': '3',
      'upload-metadata':
        variant === 'with an id in use'
          ? uploadMetadata({ source_id: sourceId })
          : uploadMetadata({ name: 'new' }),
    },
    body: 'new',
  }),
  'PATCH /v1/tus/{upload_id}': () => ({ headers: { ...piece, 'upload-offset': '1' }, body: 'yz' }),
  'POST /v1/uploads': (_, { sourceId }, variant) => ({
    json: { name: 'new.txt', ...(variant === 'with an id in use' ? { source_id: sourceId } : {}) },
  }),
  'POST /v1/uploads/{upload_id}/complete': () => ({ json: {} }),
  'PUT /u/{upload}': () => ({ body: 'new bytes', headers: { 'content-type': 'text/plain' } }),
  'POST /v1/tenants': () => ({ json: { tenant_id: freshId('t'), name: 'new' } }),
  'PATCH /v1/tenants/{tenant_id}': renamed,
  // Taken but for its trial: nothing answers there.
  'PUT /v1/tenants/{tenant_id}/storage-binding': () => ({
    json: {
      adapter: 's3',
      profile: 'ceph',
      endpoint: 'http://127.0.0.1:9',
      bucket: 'documents',
      credentials: { access_key_id: 'key', secret_access_key: 'secret' },
    },
  }),
  'POST /v1/tenants/{tenant_id}/sub-tenants': () => ({ json: { sub_tenant_id: freshId('s') } }),
  'PATCH /v1/tenants/{tenant_id}/sub-tenants/{sub_tenant_id}': renamed,
  'POST /v1/tenants/{tenant_id}/access-check': (_, { tokenId }) => ({
    json: { token_id: tokenId, action: 'sources:read' },
  }),
  'POST /v1/tenants/{tenant_id}/tokens': () => ({ json: { name: 'new', role: 'viewer' } }),
};

/** What calls without a body send. */
const HEADERS: Readonly<Record<string, Sent>> = {
  'HEAD /v1/tus/{upload_id}': asked,
  'DELETE /v1/tus/{upload_id}': asked,
};

/** Calls that end or stop a whole tenant: each needs one of its own. */
const ON_TENANTS =
  /^(?:DELETE \/v1\/tenants\/\{tenant_id\}|POST \/v1\/tenants\/\{tenant_id\}\/(?:suspend|resume))$/;

/** Paths whose GET is a page of things. */
const LIST = /\/(?:tenants|sub-tenants|tokens|sources|links)$/;

/** Whether a call only looks. */
export function isRead({ method, path, variant }: MatrixRow): boolean {
  // The URLs that a batch is answered have no rows, and what is complete is complete.
  const isNothing = path === '/v1/links/batch' || (path.endsWith('/complete') && variant === 'once more');
  const isQuestion = path.startsWith('/fetch/') || path.endsWith('/access-check');
  return ['GET', 'HEAD', 'OPTIONS'].includes(method) || isQuestion || isNothing;
}

/** What calls are aimed at that is no part of a target; without it, at the target's own. */
type Named = Pick<MatrixWorld, 'links'> & Partial<Pick<MatrixWorld, 'uploads' | 'completedId'>>;

/** Makes one call of the matrix. */
export async function call(
  world: Named,
  row: MatrixRow,
  caller: MatrixCaller,
  target: Target,
): Promise<Answer> {
  const name = `${row.method} ${row.path}`;
  const sent = (BODIES[name] ?? HEADERS[name])?.(caller, target, row.variant) ?? {};
  const headers = { ...sent.headers, ...placeHeaders(row.path, caller) };
  return await caller.api.request(row.method, pathOf(world, row, target), { ...sent, headers });
}

/** A target that nobody has touched, for a call that changes what it is aimed at; suspended where the call resumes. */
export async function freshTarget(world: MatrixWorld, row: MatrixRow): Promise<Target> {
  const { root, home, place } = world;
  if (row.path.endsWith('/storage-binding')) await bindInPlace(root, home.id);
  const target = await (ON_TENANTS.test(`${row.method} ${row.path}`)
    ? freshTenant(root, row.variant === 'force')
    : makeTarget(root, home.id, place));
  if (row.path.endsWith('/resume'))
    done(await root.post(pathOf(world, { ...row, path: row.path.replace(/resume$/, 'suspend') }, target)));
  return target;
}

async function freshTenant(root: Api, isFull: boolean): Promise<Target> {
  const tenantId = freshId('t');
  done(await root.post('/v1/tenants', { tenant_id: tenantId }));
  await settle(root, tenantId);
  if (isFull) return await makeTarget(root, tenantId, 'default');
  const none = { linkId: '', linkUrl: '', tokenId: '', tusId: '', uploadId: '', uploadUrl: '', childId: '' };
  return { tenantId, subTenantId: '', sourceId: '', ...none };
}

function uploadIdFor(
  world: Named,
  { path, variant }: Pick<MatrixRow, 'path' | 'variant'>,
  { tusId, uploadId }: Target,
): string {
  if (path.startsWith('/v1/tus/')) return tusId;
  return variant === 'once more' ? (world.completedId ?? uploadId) : uploadId;
}

function pathOf(world: Named, { method, path, variant }: MatrixRow, target: Target): string {
  const link = world.links[variant]?.split('/l/')[1];
  const upload = variant === '' ? target.uploadUrl : world.uploads?.[variant];
  const values: Readonly<Record<string, string | undefined>> = {
    tenant_id: target.tenantId,
    sub_tenant_id: target.childId,
    source_id: variant === 'new' ? randomUUID() : target.sourceId,
    token_id: target.tokenId,
    link_id: target.linkId,
    link,
    upload_id: uploadIdFor(world, { path, variant }, target),
    upload: upload?.split('/u/')[1],
  };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Nothing stands for ${name} in ${path}, case "${variant}".`);
    return value;
  });
  if (variant === 'force') return `${filled}?force=true`;
  // Lists are asked for in full: what is beyond the first page would pass for not shown.
  return method === 'GET' && LIST.test(path) ? `${filled}?limit=100` : filled;
}

/** The two families and the native calls have headers of their own for where a request acts; links look at none. */
function placeHeaders(path: string, { tenant, subTenant }: MatrixCaller): Record<string, string> {
  if (path.startsWith('/knowledge-base/')) return tenant === undefined ? {} : { 'x-anyreach-org': tenant };
  if (path.startsWith('/fetch/')) return {};
  return {
    ...(tenant === undefined ? {} : { 'x-tenant-id': tenant }),
    ...(subTenant === undefined ? {} : { 'x-sub-tenant-id': subTenant }),
  };
}
