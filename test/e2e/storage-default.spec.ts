import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api, makeUnboundTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { eventually } from '../support/eventually.js';
import { BUCKET_START_MS, describeWithBucket, makeBucket } from '../support/run-bucket.js';
import { settingsOf, type TestBucket } from '../support/test-bucket.js';

const START_MS = 60_000;

describe('settings of the default storage', () => {
  it('are refused together, by name, before anything is started', async () => {
    const env = { GATEHOLD_STORAGE_ADAPTER: 's3', GATEHOLD_STORAGE_ENDPOINT: 'https://s3.example.com/x' };
    const { code, output } = await GatewayProcess.run({ env });
    expect(code).toBe(1);
    for (const name of ['BUCKET', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'ENDPOINT'])
      expect(output).toContain(`GATEHOLD_STORAGE_${name}:`);
  });
});

describeWithBucket('a bucket as the default storage', () => {
  let first: TestBucket;
  let second: TestBucket;
  let dataDir: string;

  beforeAll(async () => {
    [first, second] = [await makeBucket(), await makeBucket()];
    dataDir = await mkdtemp(join(tmpdir(), 'gatehold-default-'));
  }, BUCKET_START_MS);

  afterAll(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Works with a gateway on the one data folder, started with these settings. */
  async function withGateway<T>(
    env: Record<string, string>,
    work: (root: Api, gateway: GatewayProcess) => Promise<T>,
  ): Promise<T> {
    const gateway = await GatewayProcess.start({ dataDir, env });
    try {
      return await work(new Api(gateway.url, gateway.rootToken), gateway);
    } finally {
      await gateway.dispose();
    }
  }

  it(
    'ST-20: may be changed: what was stored before stays readable where it is',
    async () => {
      const [tenant, inFolder] = await withGateway({}, async (root) => {
        const made = await makeUnboundTenant(root);
        expect((await made.editor.put('in-the-folder', 'folder')).status).toBe(201);
        return [made, await readdir(join(dataDir, 'objects'))] as const;
      });
      await withGateway(settingsOf(first.binding()), async (root) => {
        const editor = root.as(tenant.editor.token);
        // What the trials of a start have put there goes after it says that it is ready.
        await eventually('nothing is there', async () => (await first.keys()).length === 0);
        expect((await editor.put('in-the-first', 'first')).status).toBe(201);
        expect(await first.keys()).toHaveLength(1);
        expect((await editor.get('/v1/sources/in-the-folder/content')).text).toBe('folder');
        expect(await root.get(`/v1/tenants/${tenant.id}/storage-binding`)).toMatchObject({ status: 404 });
      });
      await withGateway(
        { ...settingsOf(second.binding()), GATEHOLD_STORAGE_PREFIX: 'below' },
        async (root, gateway) => {
          const editor = root.as(tenant.editor.token);
          expect((await editor.put('in-the-second', 'second')).status).toBe(201);
          expect(await second.keys()).toEqual([expect.stringMatching(/^below\//)]);
          for (const text of ['folder', 'first', 'second'])
            expect((await editor.get(`/v1/sources/in-the-${text}/content`)).text).toBe(text);
          expect(await readdir(join(dataDir, 'objects'))).toEqual(inFolder);
          for (const secret of second.secrets) expect(gateway.log).not.toContain(secret);
        },
      );
    },
    3 * START_MS,
  );

  it(
    'lends its credentials to bindings that the platform makes without any, on the same server only',
    async () => {
      const env = { ...settingsOf(first.binding()), GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.1' };
      await withGateway(env, async (root) => {
        const tenant = await makeUnboundTenant(root);
        const path = `/v1/tenants/${tenant.id}/storage-binding`;
        const bare = second.binding({ credentials: null });
        expect((await tenant.admin.request('PUT', path, { json: bare })).status).toBe(403);
        expect((await root.request('PUT', path, { json: bare })).status).toBe(200);
        const before = (await second.keys()).length;
        expect((await tenant.editor.put('lent', 'kept')).status).toBe(201);
        expect(await second.keys()).toHaveLength(before + 1);
        const elsewhere = { ...bare, ...second.at('http://127.0.0.1:9') };
        expect((await root.request('PUT', path, { json: elsewhere })).json.errors).toMatchObject([
          { field: 'credentials', code: 'missing' },
        ]);
      });
    },
    START_MS,
  );

  it.each<[string, (bucket: TestBucket) => Record<string, unknown>, RegExp]>([
    [
      'a wrong secret',
      (bucket) => ({ credentials: bucket.wrong('a wrong secret') }),
      /refuses the credentials/,
    ],
    ['an absent bucket', (bucket) => bucket.named('no-such-bucket-here'), /There is no such bucket/],
    ['nothing at the endpoint', (bucket) => bucket.at('http://127.0.0.1:9'), /Nothing answers/],
  ])(
    'ST-17: keeps the gateway from starting with %s, which it says in one line',
    async (_what, change, words) => {
      const { code, output } = await GatewayProcess.run({ env: settingsOf(first.binding(change(first))) });
      expect(code).toBe(1);
      const [said = ''] = output.split('\n').filter((line) => line.startsWith('gatehold: '));
      expect(said).toMatch(words);
      expect(said).toContain('GATEHOLD_STORAGE_');
      const used = [...first.secrets, ...Object.values(first.wrong('a wrong secret'))];
      for (const hidden of used) expect(output).not.toContain(hidden);
    },
    START_MS,
  );
});
