import { expectStatus, makeProxyTenant, makeToken, type Api, type TestTenant } from './api.js';

/** Names the sub-tenant that {@link openLinks} works in. */
export const TEAM = { headers: { 'x-sub-tenant-id': 'team' } };

/** One source with a URL of every kind to it, all made by one token. */
export interface Opened {
  readonly tenant: TestTenant;
  readonly issuer: Api;
  readonly issuerId: string;
  readonly sourceId: string;
  readonly linkId: string;
  readonly etag: string;
  /** By the call that made it. */
  readonly paths: Readonly<Record<string, string>>;
}

/** A tenant with a source in its sub-tenant `team`, and a token, limited as wished, that has made URLs to it. */
export async function openLinks(root: Api, limits: Record<string, unknown> = {}): Promise<Opened> {
  const tenant = await makeProxyTenant(root);
  const base = `/v1/tenants/${tenant.id}`;
  expectStatus(await tenant.admin.post(`${base}/sub-tenants`, { sub_tenant_id: 'team' }), 201);
  const issuer = await makeToken(tenant.admin, tenant.id, { role: 'editor', ...limits });
  const body = 'linked bytes';
  const made = await tenant.editor.request('PUT', '/v1/sources/doc/content', { body, ...TEAM });
  expectStatus(made, 201);
  const sourceId = made.json.source_id as string;
  const wish = { tenant_id: tenant.id, sub_tenant_id: 'team', source_id: 'doc', mode: 'url' };
  const [link, download, fetched, me] = await Promise.all([
    issuer.post('/v1/sources/doc/links', {}, TEAM),
    issuer.get(`/knowledge-base/sources/${sourceId}/download`),
    issuer.post('/fetch/content', wish),
    issuer.get('/v1/me', TEAM),
  ]);
  const path = (target: unknown): string => new URL(target as string).pathname;
  return {
    tenant,
    issuer,
    issuerId: me.json.token_id as string,
    sourceId,
    linkId: link.json.link_id as string,
    etag: made.json.etag as string,
    paths: {
      'managed link': path(link.json.url),
      'knowledge-base download': path(download.json.download_url),
      'fetch URL': path(fetched.json.presigned_url),
    },
  };
}
