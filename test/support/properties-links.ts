import { expectStatus, type TestTenant } from './api.js';

/** Paths of URLs to one source, of each kind that the gateway makes. */
export interface LinkPaths {
  /** By `POST /v1/sources/{source_id}/links`. */
  readonly managed: string;
  /** By the fetch call. */
  readonly fetched: string;
  /** By the knowledge-base call. */
  readonly downloaded: string;
}

/** Stores a text under an id and makes a link of every kind to it. Throws when any of that is refused. */
export async function storeAndLink(tenant: TestTenant, id: string, content: string): Promise<LinkPaths> {
  const { editor, viewer } = tenant;
  const put = await editor.put(id, content, { 'content-type': 'text/plain' });
  expectStatus(put, 201);
  const managed = await editor.post(`/v1/sources/${id}/links`, {});
  expectStatus(managed, 201);
  const fetched = await viewer.post('/fetch/content', { tenant_id: tenant.id, source_id: id, mode: 'url' });
  const downloaded = await viewer.get(`/knowledge-base/sources/${put.json.source_id as string}/download`);
  return {
    managed: pathOf(managed.json.url),
    fetched: pathOf(fetched.json.presigned_url),
    downloaded: pathOf(downloaded.json.download_url),
  };
}

function pathOf(url: unknown): string {
  return new URL(url as string).pathname;
}
