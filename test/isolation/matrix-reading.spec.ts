import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { freshId, makeTenant, makeToken, type Answer, type Api, type TestTenant } from '../support/api.js';
import { makeTarget, MARK, type Target } from '../support/matrix-targets.js';
import { sharedGateway } from '../support/shared-gateway.js';

const { root } = sharedGateway();

type Way = [string, (caller: Api) => Promise<Answer>];

// One test asks for everything.
jest.setTimeout(60_000);

let tenant: TestTenant;
let target: Target;

beforeAll(async () => {
  tenant = await makeTenant(root);
  target = await makeTarget(root, tenant.id, 'default');
});

/** Ways to ask for a source's bytes, or for a URL to them. */
function representations({ tenantId, sourceId }: Target): Way[] {
  const content = `/v1/sources/${sourceId}/content`;
  const headers: Record<string, string>[] = [
    { range: 'bytes=0-3' },
    { 'if-none-match': '*' },
    { 'if-match': '*' },
    { accept: 'text/plain' },
    { prefer: 'return=representation' },
    { 'x-http-method-override': 'PATCH' },
  ];
  const plain = [`/v1/sources/${sourceId}`, content, `${content}?download=1`, '/v1/sources?include=content'];
  const download = `/knowledge-base/sources/${sourceId}/download`;
  return [
    ...headers.map((one): Way => [JSON.stringify(one), (caller) => caller.get(content, { headers: one })]),
    ...[...plain, download].flatMap((path): Way[] => [
      [path, (caller) => caller.get(path)],
      [`HEAD ${path}`, (caller) => caller.request('HEAD', path)],
    ]),
    ...['content', 'fetch-source-content', 'fetch_source_content'].flatMap((name) =>
      ['content', 'url', 'both'].map((mode): Way => [
        `${name} ${mode}`,
        (caller) => caller.post(`/fetch/${name}`, { tenant_id: tenantId, source_id: sourceId, mode }),
      ]),
    ),
  ];
}

describe('a token without sources:read', () => {
  it.each([
    ['AZ-21: an uploader', { role: 'uploader' }],
    [
      'AZ-15: one that may do all with sources but read them',
      { role: 'editor', scopes: ['sources:create', 'sources:write', 'sources:delete'] },
    ],
    ['AZ-15: one that sees usage and audit alone', { role: 'admin', scopes: ['usage:read', 'audit:read'] }],
  ])('%s gets no bytes and no URL by any representation', async (_, wish) => {
    const api = await makeToken(root, tenant.id, wish);
    for (const [name, ask] of representations(target)) {
      const answer = await ask(api);
      expect([name, answer.status]).toEqual([name, 403]);
      expect(`${JSON.stringify([...answer.headers])}${answer.text}`).not.toContain(MARK);
    }
  });

  it('AZ-21: an uploader cannot have the gateway copy another source into its own', async () => {
    for (const name of [
      'x-copy-from',
      'x-amz-copy-source',
      'x-object-manifest',
      'content-location',
      'link',
    ]) {
      const from = `/v1/sources/${target.sourceId}/content`;
      const id = freshId('copy');
      const made = await tenant.uploader.put(id, 'its own', { [name]: from });
      expect([name, made.status]).toEqual([name, 201]);
      expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe('its own');
      expect((await tenant.uploader.get(`/v1/sources/${id}/content`)).status).toBe(403);
    }
  });
});
