import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, makeProxyTenant, makeToken, type Json, type TestTenant } from '../support/api.js';
import {
  batch,
  downloadUrl,
  follow,
  makeDeliveringTenants,
  type DeliveringTenants,
} from '../support/delivering-tenants.js';
import { makeLink, storeFile } from '../support/download-urls.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { BUCKET_START_MS, describeWithBucket, makeBucket } from '../support/run-bucket.js';
import { signedLife } from '../support/signed-urls.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const WINDOW_S = 3_600;

let gateway: GatewayProcess;
let root: Api;

beforeAll(async () => {
  gateway = await GatewayProcess.start({
    env: { GATEHOLD_STABLE_URL_SECONDS: String(WINDOW_S), GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8' },
  });
  root = new Api(gateway.url, gateway.rootToken);
}, 90_000);

afterAll(() => gateway.dispose());

/** Asks three times. A window may end in between, once, so two neighbours are of one window. */
async function expectStable(make: () => Promise<string>): Promise<void> {
  const [one, two, three] = [await make(), await make(), await make()];
  expect([one, three]).toContain(two);
  expect((await follow(three)).bytes.toString()).toBe('kept');
}

async function expectStableUrls({ editor, viewer, admin, id }: TestTenant): Promise<void> {
  const sourceId = await storeFile(editor, 'a.txt', 'text/plain', 'kept');
  await expectStable(() => downloadUrl(editor, sourceId));
  await expectStable(async () => {
    const answer = await viewer.get(`/knowledge-base/sources/${sourceId}/download`);
    return answer.json.download_url as string;
  });
  await expectStable(async () => {
    const wish = { tenant_id: id, source_id: sourceId, mode: 'url' };
    return (await viewer.post('/fetch/fetch-source-content', wish)).json.presigned_url as string;
  });
  const url = await downloadUrl(editor, sourceId);
  const other = await storeFile(editor, 'a.txt', 'text/plain', 'kept');
  expect(await downloadUrl(editor, other)).not.toBe(url);
  expect(await downloadUrl(editor, sourceId, { expires_in: 10_000 })).not.toBe(url);
  const [one, two] = [await makeLink(admin, sourceId), await makeLink(admin, sourceId)];
  expect(one).not.toBe(two);
}

describe('GATEHOLD_STABLE_URL_SECONDS', () => {
  it('makes download URLs of the gateway the same text within a window', async () => {
    const tenant = await makeProxyTenant(root);
    await expectStableUrls(tenant);
    const sourceId = await storeFile(tenant.editor, 'b.txt', 'text/plain', 'kept');
    const colleague = await makeToken(tenant.admin, tenant.id, { role: 'editor' });
    expect(await downloadUrl(colleague, sourceId)).not.toBe(await downloadUrl(tenant.editor, sourceId));
  });

  it.each([60, 600, 7_200, 604_800])(
    'says when a life of %i s really ends, with at least half of it left',
    async (life) => {
      const { editor } = await makeProxyTenant(root);
      const id = await storeFile(editor, 'a.txt', 'text/plain', 'kept');
      const before = Math.floor(Date.now() / 1000);
      const [{ expires_at }] = (await batch(editor, [id], { expires_in: life })).data as [Json];
      const end = Date.parse(expires_at as string) / 1000;
      expect(end % Math.min(WINDOW_S, life / 2)).toBe(life % Math.min(WINDOW_S, life / 2));
      expect(end).toBeGreaterThanOrEqual(before + life / 2);
      expect(end).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) + life);
    },
  );
});

describeWithBucket('GATEHOLD_STABLE_URL_SECONDS over a bucket', () => {
  let tenants: DeliveringTenants;

  beforeAll(async () => {
    tenants = await makeDeliveringTenants(root, await makeBucket());
  }, BUCKET_START_MS);

  it('makes URLs of the storage the same text within a window', async () => {
    await expectStableUrls(tenants.by.direct);
  });

  it('says the life that is signed', async () => {
    const { editor } = tenants.by.direct;
    const id = await storeFile(editor, 'a.txt', 'text/plain', 'kept');
    const [{ url, expires_at }] = (await batch(editor, [id], { expires_in: 7_200 })).data as [Json];
    const { begin, end } = signedLife(url as string);
    expect(end).toBe(Date.parse(expires_at as string));
    expect(begin ?? end - 7_200_000).toBe(end - 7_200_000);
    expect((end - 7_200_000) % (WINDOW_S * 1000)).toBe(0);
  });
});
