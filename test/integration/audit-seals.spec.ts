import { AuditSealer } from '#audit';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api, expectStatus, makeUnboundTenant, type TestTenant } from '../support/api.js';
import { runCommand, type CommandRun } from '../support/cli.js';
import { startInProcess, type InProcessGateway } from '../support/in-process-gateway.js';
import { ThrowawayDatabase, withClient } from '../support/test-database.js';

jest.setTimeout(120_000);

let throwaway: ThrowawayDatabase;
let gateway: InProcessGateway;
let root: Api;
let tenant: TestTenant;

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  gateway = await startInProcess(throwaway, throwaway.runtimeUrl, { GATEHOLD_WORKERS: 'off' });
  root = new Api(gateway.url, gateway.rootToken);
});

afterAll(async () => {
  await gateway.close();
  await throwaway.drop();
});

/** A tenant with three batches, each of a few entries. */
beforeEach(async () => {
  tenant = await makeUnboundTenant(root);
  for (let batch = 0; batch < 3; batch += 1) {
    for (let entry = 0; entry < 4; entry += 1)
      expectStatus(await tenant.editor.put(`${batch}-${entry}`, 'x'), 201);
    await seal();
  }
});

async function seal(): Promise<void> {
  await gateway.app.get(AuditSealer).sealAll(new AbortController().signal);
}

async function owner<Row extends object>(text: string, values: unknown[] = [tenant.id]): Promise<Row[]> {
  return await withClient(
    throwaway.ownerUrl,
    async (client) => (await client.query(text, values)).rows as Row[],
  );
}

function verify(...args: string[]): Promise<CommandRun> {
  return runCommand(['audit', 'verify', '--tenant', tenant.id, '--json', ...args], {
    DATABASE_URL: throwaway.runtimeUrl,
    DATABASE_MIGRATION_URL: throwaway.ownerUrl,
    GATEHOLD_DATA_DIR: join(tmpdir(), 'gatehold-nothing'),
    GATEHOLD_MASTER_KEY: randomBytes(32).toString('base64'),
  });
}

const messagesOf = ({ json }: CommandRun): string[] =>
  json.findings.map(({ message }: { message: string }) => message) as string[];

describe('OP-06: gatehold audit verify', () => {
  it('finds a log as it was sealed: exit code 0, also with entries that wait', async () => {
    expectStatus(await tenant.editor.put('later', 'x'), 201);
    const run = await verify();
    expect(run.err).toBe('');
    expect([run.code, run.json.findings]).toEqual([0, []]);
    expect(run.json).toMatchObject({ tenants: 1, batches: 3, unsealed: 1 });
    expect(run.json.heads[tenant.id]).toMatch(/^3 [0-9a-f]{64}$/);
  });

  it.each<[string, string, RegExp]>([
    [
      'an entry that was removed',
      `DELETE FROM audit_entries WHERE tenant_id = $1
       AND entry_id = (SELECT entry_ids[2] FROM audit_seals WHERE tenant_id = $1 AND seal_no = 2)`,
      /^entry .* of batch 2 is not there$/,
    ],
    [
      'an entry that was altered',
      `UPDATE audit_entries SET address = '192.0.2.1' WHERE tenant_id = $1
       AND entry_id = (SELECT entry_ids[1] FROM audit_seals WHERE tenant_id = $1 AND seal_no = 3)`,
      /^batch 3 or an entry of it is not as it was sealed$/,
    ],
    [
      'two entries that changed places',
      `UPDATE audit_seals SET entry_ids = entry_ids[2:2] || entry_ids[1:1] || entry_ids[3:]
       WHERE tenant_id = $1 AND seal_no = 1`,
      /^batch 1 or an entry of it is not as it was sealed$/,
    ],
    [
      'times that changed places',
      `UPDATE audit_entries a SET at = a.at + interval '1 hour' WHERE a.tenant_id = $1
       AND a.entry_id = (SELECT entry_ids[1] FROM audit_seals WHERE tenant_id = $1 AND seal_no = 1)`,
      /^batch 1 or an entry/,
    ],
    [
      'a batch that was removed',
      'DELETE FROM audit_seals WHERE tenant_id = $1 AND seal_no = 2',
      /^batches 2 to 2 are not/,
    ],
    [
      'the newest batch removed, its entries left',
      'DELETE FROM audit_seals WHERE tenant_id = $1 AND seal_no = 3',
      /^4 entries are in no batch/,
    ],
    [
      'a batch that was made anew over other entries',
      `UPDATE audit_seals SET hash = sha256('made anew') WHERE tenant_id = $1 AND seal_no = 2`,
      /^batch 3 does not follow the one before it$/,
    ],
    [
      'an entry that was added',
      `INSERT INTO audit_entries (tenant_id, entry_id, tenant_key, at, action, outcome)
       SELECT tenant_id, gen_random_uuid(), tenant_key, now(), 'token.create', 'success' FROM tenants WHERE tenant_id = $1`,
      /^1 entries are in no batch/,
    ],
  ])('finds %s: exit code 1', async (what, statement, message) => {
    await owner(statement);
    if (what.endsWith('added')) await owner('DELETE FROM audit_unsealed WHERE tenant_id = $1');
    const run = await verify();
    expect(run.code).toBe(1);
    expect(messagesOf(run)).toContainEqual(expect.stringMatching(message));
  });

  it('finds an entry that was removed before it was sealed', async () => {
    expectStatus(await tenant.editor.put('later', 'x'), 201);
    await owner(`DELETE FROM audit_entries WHERE tenant_id = $1
      AND entry_id = (SELECT entry_id FROM audit_unsealed WHERE tenant_id = $1)`);
    expect(messagesOf(await verify())).toEqual(['1 entries that were to be sealed are not there']);
    await seal();
    expect(messagesOf(await verify())).toContainEqual(
      expect.stringMatching(/^entry .* of batch 4 is not there$/),
    );
  });

  it('is not misled by a transaction that commits late with an early entry', async () => {
    await withClient(throwaway.ownerUrl, async (client) => {
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO audit_entries (tenant_id, entry_id, tenant_key, at, action, outcome)
         SELECT tenant_id, audit_entry_id(now() - interval '1 hour'), tenant_key, now(), 'token.create', 'success'
         FROM tenants WHERE tenant_id = $1`,
        [tenant.id],
      );
      expectStatus(await tenant.editor.put('meanwhile', 'x'), 201);
      await seal();
      await client.query('COMMIT');
    });
    await seal();
    const run = await verify();
    expect([run.code, run.json.batches]).toEqual([0, 5]);
  });

  it('says so when it cannot look: exit code 2', async () => {
    expect((await runCommand(['audit', 'verify'], { DATABASE_URL: 'postgres://x@127.0.0.1:1/x' })).code).toBe(
      2,
    );
    expect((await runCommand(['audit'], {})).code).toBe(2);
  });
});

describe('OP-06, DB-13: entries that are old enough', () => {
  it('are removed by whole batches, the oldest first, and the rest can still be verified', async () => {
    await owner(
      "UPDATE audit_seals SET first_at = '2001-01-01', last_at = '2001-01-01' WHERE tenant_id = $1 AND seal_no < 3",
    );
    const before = (await verify()).json.entries as number;
    await gateway.app.get(AuditSealer).retain(new AbortController().signal);
    const run = await verify();
    expect([run.code, run.json.findings, run.json.batches]).toEqual([0, [], 1]);
    expect(run.json.entries).toBeLessThan(before);
    expectStatus(await tenant.editor.put('after', 'x'), 201);
    await seal();
    expect((await verify()).json).toMatchObject({ findings: [], batches: 2 });
    await owner('DELETE FROM audit_anchors WHERE tenant_id = $1');
    expect((await verify()).code).toBe(1);
  });

  it('are kept for thirty days, whoever asks to have them removed', async () => {
    await owner("UPDATE audit_seals SET last_at = now() - interval '29 days' WHERE tenant_id = $1");
    await withClient(throwaway.runtimeUrl, async (client) => {
      await client.query("SELECT set_config('gatehold.tenant_id', $1, false)", [tenant.id]);
      const { rows } = await client.query("SELECT remove_oldest_audit_batch('infinity') AS removed");
      expect(rows).toEqual([{ removed: false }]);
    });
    expect((await verify()).json).toMatchObject({ batches: 3 });
  });
});
