import { expectStatus, type Api } from './api.js';

/** Every way to get a URL for a source that needs no token. */
export const URL_MAKERS: Readonly<Record<string, (caller: Api, source: UrlSource) => Promise<string>>> = {
  'the knowledge-base call': async (caller, { sourceId }) => {
    const answer = await caller.get(`/knowledge-base/sources/${sourceId}/download`);
    expectStatus(answer, 200);
    return answer.json.download_url as string;
  },
  'the fetch call': async (caller, { sourceId, tenantId }) => {
    const wish = { tenant_id: tenantId, source_id: sourceId, mode: 'url' };
    const answer = await caller.post('/fetch/fetch-source-content', wish);
    expectStatus(answer, 200);
    return answer.json.presigned_url as string;
  },
  'a managed link': (caller, { sourceId }) => makeLink(caller, sourceId),
};

/** What a URL is made for. */
export interface UrlSource {
  readonly tenantId: string;
  readonly sourceId: string;
}

/** URL of a new managed link; `wish` is the body of the call. */
export async function makeLink(caller: Api, sourceId: string, wish: object = {}): Promise<string> {
  const answer = await caller.post(`/v1/sources/${sourceId}/links`, wish);
  expectStatus(answer, 201);
  return answer.json.url as string;
}

/** Uploads a file under a name and of a type, neither of them changed on the way, and answers its id. */
export async function storeFile(
  caller: Api,
  name: string,
  type: string,
  content: Buffer | string,
): Promise<string> {
  const answer = await caller.upload(content, 'file', type, { name });
  expectStatus(answer, 201);
  return answer.json.source_id as string;
}
