import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api, freshId, makeTenant, type TestTenant } from '../support/api.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../support/ceph.js';
import { CephBucket } from '../support/ceph-buckets.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { postKeyed } from '../support/keyed-calls.js';
import { asOwner } from '../support/owner-connection.js';
import { describeWith } from '../support/programs.js';

const START_MS = 120_000;
const [first, second, third] = Array.from({ length: 3 }, () => randomBytes(32).toString('base64')) as [
  string,
  string,
  string,
];
const folders: string[] = [];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehold-rotation-'));
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** Works with a gateway on a data folder that has these master keys. */
async function withKeys<T>(
  dataDir: string,
  keys: { readonly now: string; readonly before?: string },
  work: (root: Api) => Promise<T>,
): Promise<T> {
  const gateway = await GatewayProcess.start({ dataDir, env: environment(keys) });
  try {
    return await work(new Api(gateway.url, gateway.rootToken));
  } finally {
    await gateway.dispose();
  }
}

function environment({ now, before }: { now: string; before?: string }): Record<string, string> {
  return {
    GATEHOLD_MASTER_KEY: now,
    GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.1',
    GATEHOLD_PUBLIC_URL: 'http://files.example.com',
    ...(before === undefined ? {} : { GATEHOLD_PREVIOUS_MASTER_KEY: before }),
  };
}

describe('a new master key', () => {
  it(
    'opens what the one before has sealed once it was named, and not without',
    async () => {
      const dataDir = await newFolder();
      const id = freshId('t');
      /** Two requests under keys, one of a tenant and one of the platform: what they answer first, they answer always. */
      const keyed = async (root: Api): Promise<string[]> => {
        const [tokens, wish] = [`/v1/tenants/${id}/tokens`, { name: 'a', role: 'viewer' }];
        const answers = [
          await postKeyed(root, '/v1/tenants', { tenant_id: id, name: 'Kept' }, 'make-tenant'),
          await postKeyed(root, tokens, wish, 'make-token'),
        ];
        return answers.map(({ status, text }) => `${status} ${text}`);
      };
      const [path, answers] = await withKeys(dataDir, { now: first }, async (root) => {
        const { editor } = await makeTenant(root);
        await editor.put('one', 'behind a link');
        const link = new URL((await editor.post('/v1/sources/one/links', {})).json.url as string);
        return [link.pathname, await keyed(root)] as const;
      });
      for (const answer of answers) expect(answer).toMatch(/^201 /);
      const alone = await GatewayProcess.run({ dataDir, env: environment({ now: second }) });
      expect([alone.code, alone.output]).toEqual([1, expect.stringContaining('refusing to start')]);
      const wrong = await GatewayProcess.run({ dataDir, env: environment({ now: second, before: third }) });
      expect([wrong.code, wrong.output]).toEqual([1, expect.stringContaining('refusing to start')]);
      for (const keys of [{ now: second, before: first }, { now: second, before: first }, { now: second }])
        await withKeys(dataDir, keys, async (root) => {
          expect((await root.as(null).get(path)).text).toBe('behind a link');
          expect(await keyed(root)).toEqual(answers);
        });
      const old = await GatewayProcess.run({ dataDir, env: environment({ now: first }) });
      expect(old.code).toBe(1);
    },
    START_MS,
  );
});

describeWith(CEPH_PROGRAMS, 'a new master key, with a bucket bound', () => {
  let bucket: CephBucket;

  beforeAll(async () => {
    bucket = await CephBucket.make(await sharedCeph());
  }, CEPH_START_MS);

  it(
    'goes on where a change was interrupted, and keeps bindings as they were',
    async () => {
      const dataDir = await newFolder();
      const tenants: TestTenant[] = [];
      const sealed = await withKeys(dataDir, { now: first }, async (root) => {
        for (let count = 0; count < 3; count += 1) {
          const tenant = await makeTenant(root);
          tenants.push(tenant);
          const path = `/v1/tenants/${tenant.id}/storage-binding`;
          expect((await tenant.admin.request('PUT', path, { json: bucket.binding() })).status).toBe(200);
          expect((await tenant.editor.put('one', tenant.id)).status).toBe(201);
        }
        return await asOwner(dataDir, (owner) =>
          owner.query('SELECT tenant_id, sealed_credentials FROM storage_bindings ORDER BY tenant_id'),
        );
      });
      const changed = async (root: Api) => {
        for (const { id, viewer } of tenants)
          expect((await root.as(viewer.token).get('/v1/sources/one/content')).text).toBe(id);
        const { rows } = await asOwner(dataDir, (owner) =>
          owner.query('SELECT tenant_id, sealed_credentials FROM storage_bindings ORDER BY tenant_id'),
        );
        return rows as unknown[];
      };
      const halfway = await withKeys(dataDir, { now: second, before: first }, async (root) => {
        const rows = await changed(root);
        // As if it had ended before the last tenant, and before the database knew the new key.
        await asOwner(dataDir, async (owner) => {
          const last = sealed.rows.at(-1) as { tenant_id: string; sealed_credentials: Buffer };
          await owner.query('UPDATE storage_bindings SET sealed_credentials = $2 WHERE tenant_id = $1', [
            last.tenant_id,
            last.sealed_credentials,
          ]);
        });
        return rows;
      });
      expect(halfway).not.toContainEqual(sealed.rows[0]);
      const { Sealer, Secret } = await import('#kernel');
      const fingerprint = new Sealer(new Secret(Buffer.from(first, 'base64'))).fingerprint;
      await withKeys(dataDir, { now: second }, () =>
        asOwner(dataDir, (owner) =>
          owner.query("UPDATE platform_settings SET value = $1 WHERE name = 'master_key_fingerprint'", [
            fingerprint,
          ]),
        ),
      );
      await withKeys(dataDir, { now: second, before: first }, changed);
    },
    START_MS,
  );
});
