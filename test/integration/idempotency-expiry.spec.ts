import { ExpiredKeysWorker } from '#idempotency';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, makeTenant, type Answer, type TestTenant } from '../support/api.js';
import { startInProcess, type InProcessGateway } from '../support/in-process-gateway.js';
import { freshKey, keyedCalls, postKeyed } from '../support/keyed-calls.js';
import { beginForm, postForm } from '../support/keyed-uploads.js';
import { ThrowawayDatabase, withClient } from '../support/test-database.js';

jest.setTimeout(120_000);

const FORM = { content: 'a file' };

let throwaway: ThrowawayDatabase;
let gateway: InProcessGateway;
let root: Api;
let tenant: TestTenant;

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  gateway = await startInProcess(throwaway);
  root = new Api(gateway.url, gateway.rootToken);
});

afterAll(async () => {
  await gateway.close();
  await throwaway.drop();
});

beforeEach(async () => {
  for (const table of ['idempotency_keys', 'platform_idempotency_keys']) await owner(`DELETE FROM ${table}`);
  tenant = await makeTenant(root);
  expectStatus(await tenant.editor.put('one', 'the file'), 201);
});

async function owner<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return await withClient(
    throwaway.ownerUrl,
    async (client) => (await client.query(text, values)).rows as Row[],
  );
}

async function rowCounts(): Promise<[number, number]> {
  const [row] = await owner<{ tenants: number; platform: number }>(
    `SELECT (SELECT count(*)::int FROM idempotency_keys) AS tenants,
       (SELECT count(*)::int FROM platform_idempotency_keys) AS platform`,
  );
  return [row?.tenants ?? -1, row?.platform ?? -1];
}

/** Moves the end of every key, as if so much time had passed. */
async function pass(interval: string): Promise<void> {
  for (const table of ['idempotency_keys', 'platform_idempotency_keys'])
    await owner(`UPDATE ${table} SET expires_at = expires_at - $1::interval`, [interval]);
}

function sweep(): Promise<void> {
  return gateway.app.get(ExpiredKeysWorker).sweep();
}

/** One request for everything that can be made, each under a key of its own. */
function requests(): (() => Promise<Answer>)[] {
  const { 'POST /v1/links/batch': makesNothing, ...calls } = keyedCalls(root, tenant);
  expect(makesNothing).toBeDefined();
  const sends = Object.values(calls).map(({ caller, path, body }) => {
    const key = freshKey();
    const json = { ...body(), tenant_id: undefined };
    return () => postKeyed(caller, path, json, key);
  });
  const key = freshKey();
  return [...sends, () => postForm(tenant.editor, FORM, key)];
}

describe('DB-13: keys', () => {
  it('answer for 24 hours, and are new after that, swept or not', async () => {
    const sends = requests();
    const first: Answer[] = [];
    for (const send of sends) first.push(await send());
    for (const answer of first) expectStatus(answer, 201);
    await pass('23 hours 55 minutes');
    await sweep();
    for (const [index, send] of sends.entries()) expect((await send()).text).toBe(first[index]?.text);
    await pass('5 minutes');
    for (const [index, send] of sends.entries()) {
      const again = await send();
      // A sub-tenant that names itself cannot be made twice.
      expect([201, 409]).toContain(again.status);
      expect(again.text).not.toBe(first[index]?.text);
    }
  });

  it('are removed when they are over, of all tenants and of the platform, and no others', async () => {
    const other = await makeTenant(root);
    await other.editor.put('one', 'of the other');
    const links = ({ editor }: TestTenant) => postKeyed(editor, '/v1/sources/one/links', {}, freshKey());
    for (const one of [tenant, other]) expectStatus(await links(one), 201);
    expectStatus(await postKeyed(root, '/v1/tenants', {}, freshKey()), 201);
    const upload = await beginForm(tenant.editor, FORM, freshKey());
    expect(await rowCounts()).toEqual([3, 1]);
    await pass('24 hours');
    for (const one of [tenant, other]) expectStatus(await links(one), 201);
    expectStatus(await postKeyed(root, '/v1/tenants', {}, freshKey()), 201);
    await sweep();
    expect(await rowCounts()).toEqual([2, 1]);
    // Its claim was swept as that of a dead one; nobody else has taken it, so the upload goes well.
    upload.request.end(upload.rest);
    expect((await upload.answer).status).toBe(201);
    expect(await rowCounts()).toEqual([3, 1]);
  });

  it('are removed by the thousand, past other tenants that have none', async () => {
    for (let count = 0; count < 3; count += 1) await makeTenant(root);
    await owner(
      `INSERT INTO idempotency_keys (tenant_id, key_hash, fingerprint, sealed_answer, expires_at)
       SELECT t.tenant_id, sha256(convert_to(t.tenant_id || n, 'UTF8')), '', '', now() - interval '1 second'
       FROM tenants t, generate_series(1, 2500) n WHERE t.tenant_id = $1`,
      [tenant.id],
    );
    await owner(
      `INSERT INTO platform_idempotency_keys (key_hash, fingerprint, sealed_answer, expires_at)
       SELECT sha256(convert_to('p' || n, 'UTF8')), '', '', now() - interval '1 second' FROM generate_series(1, 1001) n`,
    );
    await sweep();
    expect(await rowCounts()).toEqual([0, 0]);
  });

  it('are found, and looked through for what is over, by way of indexes however many there are', async () => {
    await owner(
      `INSERT INTO idempotency_keys (tenant_id, key_hash, fingerprint, sealed_answer, expires_at)
       SELECT t.tenant_id, sha256(convert_to(t.tenant_id || n, 'UTF8')), '', '', now() + interval '1 hour'
       FROM tenants t, generate_series(1, 20000) n WHERE t.tenant_id = $1`,
      [tenant.id],
    );
    await owner('ANALYZE idempotency_keys');
    const plan = async (text: string): Promise<string> => {
      const rows = await owner<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${text}`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    };
    const [own, over] = [`tenant_id = '${tenant.id}'`, 'expires_at <= now()'];
    const found = await plan(`SELECT FROM idempotency_keys WHERE ${own} AND key_hash = sha256('a')`);
    expect(found).toContain('idempotency_keys_pkey');
    for (const text of [
      `SELECT key_hash FROM idempotency_keys WHERE ${own} AND ${over} ORDER BY expires_at LIMIT 1000`,
      `SELECT FROM tenant_directory d WHERE EXISTS
         (SELECT FROM idempotency_keys k WHERE k.tenant_id = d.tenant AND k.${over}) ORDER BY d.tenant LIMIT 100`,
    ]) {
      const used = await plan(text);
      expect(used).toContain('idempotency_keys_expiry');
      expect(used).not.toContain('Seq Scan on idempotency_keys');
    }
  });
});
