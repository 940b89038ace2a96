import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import {
  expectStatus,
  freshId,
  makeProxyTenant,
  makeToken,
  type Answer,
  type TestTenant,
} from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { pattern } from '../support/gateway-inside.js';
import { ask } from '../support/raw-http.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { beginDownload, readBytes } from '../support/slow-client.js';

jest.setTimeout(120_000);

const { root, url, anonymous } = sharedGateway();
/** More than what the operating system and the gateway hold back for a client that does not read. */
const LARGE = pattern(32 * 1024 * 1024);

let tenant: TestTenant;
let sourceId: string;

beforeAll(async () => {
  tenant = await makeProxyTenant(root);
  const made = await tenant.editor.put(freshId('large'), LARGE);
  expectStatus(made, 201);
  sourceId = made.json.source_id as string;
});

/** URLs of each kind, all of a token that ends when it is said. */
const KINDS: readonly [kind: string, path: string, method: 'GET' | 'POST', field: string][] = [
  ['a managed link', '/v1/sources/{id}/links', 'POST', 'url'],
  ['a download URL', '/knowledge-base/sources/{id}/download', 'GET', 'download_url'],
];

describe('PS-07: the end of a URL', () => {
  it.each(KINDS)(
    'cuts no transfer that began before it, and lets none begin after it: %s',
    async (_, path, method, field) => {
      // For long enough to begin in, on a busy machine as well; a longer one is tried where it was not.
      const begun = await eventually('a transfer that begins in time', async () => {
        for (const life of [3_000, 10_000, 30_000]) {
          const attempt = await beginWithin(life, path, method, field);
          if (attempt !== null) return attempt;
        }
        return null;
      });
      const { response, target, end } = begun;
      await eventually('the URL ends', async () => {
        const answer: Answer = await anonymous.get(target);
        return answer.status === 410;
      });
      expect(Date.now()).toBeGreaterThanOrEqual(end - 1_000);
      for (const headers of [{}, { range: 'bytes=100-' }, { 'if-range': '"x"', range: 'bytes=0-9' }])
        for (const asked of ['GET', 'HEAD'])
          expect((await ask(url, { method: asked, path: target, headers })).status).toBe(410);
      expect((await readBytes(response)).equals(LARGE)).toBe(true);
    },
  );
});

/** A download under way, of which nothing is read, by a URL that ends with its token; null when it came too late. */
async function beginWithin(lifeMs: number, path: string, method: 'GET' | 'POST', field: string) {
  const end = Math.ceil((Date.now() + lifeMs) / 1_000) * 1_000;
  const expires = new Date(end).toISOString();
  const brief = await makeToken(tenant.admin, tenant.id, { role: 'editor', expires_at: expires });
  const json = method === 'POST' ? { json: { expires_in: 600 } } : {};
  const made = await brief.request(method, path.replace('{id}', sourceId), json);
  if (made.status >= 300) return null;
  const target = new URL(made.json[field] as string).pathname;
  const response = await beginDownload(url, 'of-no-use', target);
  if (response.statusCode === 200) return { response, target, end };
  response.resume();
  return null;
}
