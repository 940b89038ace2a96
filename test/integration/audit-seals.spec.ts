import { AuditLog, AuditSealer } from '#audit';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api, expectStatus, makeUnboundTenant, type TestTenant } from '../support/api.js';
import { runCommand, type CommandRun } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { startInProcess, type InProcessGateway } from '../support/in-process-gateway.js';
import { ThrowawayDatabase, withClient } from '../support/test-database.js';

jest.setTimeout(120_000);

/** An event that says nothing. */
const NOTHING = {
  tokenId: null,
  role: null,
  linkId: null,
  subTenantId: null,
  targetKind: null,
  targetId: null,
  requestId: null,
  address: null,
  details: null,
};

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
    await transactionsOver();
    await seal();
  }
});

async function sealOnce(): Promise<void> {
  await gateway.app.get(AuditSealer).sealAll(new AbortController().signal);
}

/** Entries whose transactions are all over are sealed together. */
async function transactionsOver(): Promise<void> {
  await eventually('all transactions are over that were open', async () => {
    const [row] = await owner<{ over: boolean }>(
      `SELECT max(transaction_no) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS over
       FROM audit_entries WHERE tenant_id = $1`,
    );
    return row?.over === true;
  });
}

/** What is written while a transaction of anybody's on the server goes on waits for that. */
async function seal(): Promise<void> {
  await eventually('all entries are sealed', async () => {
    await sealOnce();
    const [row] = await owner<{ unsealed: number }>(
      `SELECT count(*)::int AS unsealed FROM audit_entries e WHERE tenant_id IN ($1, 'gone')
       AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.tenant_id = e.tenant_id AND e.entry_id = ANY (s.entry_ids))`,
    );
    return row?.unsealed === 0;
  });
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
      'the time of an entry, which is in its id',
      `UPDATE audit_entries a SET entry_id = audit_entry_id(now() - interval '1 hour') WHERE a.tenant_id = $1
       AND a.entry_id = (SELECT entry_ids[1] FROM audit_seals WHERE tenant_id = $1 AND seal_no = 1)`,
      /^entry .* of batch 1 is not there$/,
    ],
    [
      'whose log an entry is in',
      `UPDATE audit_entries SET tenant_key = 'aaaaaaaaaaaa' WHERE tenant_id = $1
       AND entry_id = (SELECT entry_ids[1] FROM audit_seals WHERE tenant_id = $1 AND seal_no = 2)`,
      /^batch 2 or an entry of it is not as it was sealed$/,
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
      `INSERT INTO audit_entries (tenant_id, entry_id, transaction_no, tenant_key, action, outcome)
       SELECT tenant_id, gen_random_uuid(), 1, tenant_key, 'token.create', 'success' FROM tenants WHERE tenant_id = $1`,
      /^1 entries are in no batch/,
    ],
  ])('finds %s: exit code 1', async (_, statement, message) => {
    await owner(statement);
    const run = await verify();
    expect(run.code).toBe(1);
    expect(messagesOf(run)).toContainEqual(expect.stringMatching(message));
  });

  it('is not misled by a transaction that commits late with an early entry', async () => {
    await withClient(throwaway.ownerUrl, async (client) => {
      await client.query('BEGIN');
      await client.query(
        `INSERT INTO audit_entries (tenant_id, entry_id, tenant_key, action, outcome)
         SELECT tenant_id, audit_entry_id(now() - interval '1 hour'), tenant_key, 'token.create', 'success'
         FROM tenants WHERE tenant_id = $1`,
        [tenant.id],
      );
      expectStatus(await tenant.editor.put('meanwhile', 'x'), 201);
      await sealOnce();
      // What came after it began waits for it.
      expect((await verify()).json).toMatchObject({ findings: [], batches: 3, unsealed: 1 });
      await client.query('COMMIT');
    });
    await seal();
    const run = await verify();
    expect([run.code, run.json.batches, run.json.unsealed]).toEqual([0, 4, 0]);
  });

  it('is not misled by several that seal at the same time', async () => {
    for (let entry = 0; entry < 4; entry += 1)
      expectStatus(await tenant.editor.put(`more-${entry}`, 'x'), 201);
    await Promise.all([sealOnce(), sealOnce(), sealOnce()]);
    await seal();
    expect((await verify()).json).toMatchObject({ findings: [], unsealed: 0 });
  });

  describe('where more waits than is sealed at once', () => {
    /** Writes entries, so many in each transaction, and waits until all of these are over. */
    async function written(...transactions: number[]): Promise<void> {
      for (const count of transactions)
        await owner(
          `INSERT INTO audit_entries (tenant_id, entry_id, tenant_key, action, outcome)
           SELECT tenant_id, audit_entry_id(now()), tenant_key, 'token.create', 'success'
           FROM tenants, generate_series(1, ${count}) WHERE tenant_id = $1`,
        );
      await transactionsOver();
    }

    /** Seals five entries at once in batches of two, and answers how many each new batch has, by what was found together. */
    async function sealedByFive(): Promise<number[][]> {
      await gateway.app.get(AuditSealer).sealAll(new AbortController().signal, { ofBatch: 2, atOnce: 5 });
      const rows = await owner<{ sizes: number[] }>(
        `SELECT array_agg(entry_count ORDER BY seal_no) AS sizes FROM audit_seals WHERE tenant_id = $1 AND seal_no > 3
         GROUP BY horizon ORDER BY horizon, min(seal_no)`,
      );
      return rows.map(({ sizes }) => sizes);
    }

    it('takes whole transactions, the oldest first', async () => {
      await written(3, 1, 2, 4);
      expect(await sealedByFive()).toEqual([[2, 2], [2], [2, 2]]);
      expect((await verify()).json).toMatchObject({ findings: [], batches: 8, unsealed: 0 });
    });

    it('takes one that is too large for that in pieces', async () => {
      await written(1, 12, 1);
      // Two pieces of five are of the same transaction, and so of one horizon.
      expect(await sealedByFive()).toEqual([[1], [2, 2, 1, 2, 2, 1], [2, 1]]);
      expect((await verify()).json).toMatchObject({ findings: [], unsealed: 0 });
    });

    it('takes nothing twice where it was not noted how far it came', async () => {
      const [before] = await owner<{ horizon: string }>('SELECT horizon FROM audit_progress', []);
      await written(3, 1, 2);
      await sealedByFive();
      await withClient(throwaway.ownerUrl, (client) =>
        client.query('UPDATE audit_progress SET horizon = $1', [before?.horizon]),
      );
      await written(1);
      expect(await sealedByFive()).toEqual([[2, 2], [2], [1]]);
      expect((await verify()).json).toMatchObject({ findings: [], unsealed: 0 });
    });
  });

  describe('where much is read', () => {
    const EVENT = { ...NOTHING, action: 'source.link', outcome: 'success', targetKind: 'source' } as const;
    const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
    const idOf = (number: number): string => `00000000-0000-4000-8000-${`${number}`.padStart(12, '0')}`;

    async function written(): Promise<void> {
      for (let flush = 0; flush < 2; flush += 1) await gateway.app.get(AuditLog).flush();
    }

    /** Has `count` reads written down, as a moment in which as many were answered does. */
    async function read(count: number): Promise<void> {
      const log = gateway.app.get(AuditLog);
      for (const number of numbersTo(count))
        await log.handsOut(tenant.id, 1, () => ({ ...EVENT, targetId: `file "${number}"` }));
      await written();
    }

    /** Has `count` reads written down that one answer hands out. */
    async function readTogether(count: number): Promise<void> {
      const targetIds = numbersTo(count).map(idOf).join();
      await gateway.app.get(AuditLog).handsOut(tenant.id, count, () => ({ shared: EVENT, targetIds }));
      await written();
    }

    it('seals entries as it writes them, in a chain with all others', async () => {
      const { entries: before } = (await verify()).json as { entries: number };
      await read(3_500);
      // The rest of the flush is too little for that.
      await read(100);
      expectStatus(await tenant.editor.put('later', 'x'), 201);
      expect((await verify()).json).toMatchObject({ findings: [], batches: 5, unsealed: 101 });
      await transactionsOver();
      await seal();
      expect((await verify()).json).toMatchObject({
        findings: [],
        batches: 6,
        unsealed: 0,
        entries: before + 3_601,
      });
      const sizes = await owner<{ count: number }>(
        'SELECT entry_count AS count FROM audit_seals WHERE tenant_id = $1 ORDER BY seal_no DESC LIMIT 3',
      );
      expect(sizes.map(({ count }) => count)).toEqual([101, 500, 3_000]);
    });

    it('finds an entry of those that was altered, removed or left without its batch', async () => {
      await read(600);
      const own = 'tenant_id = $1 AND target_id LIKE';
      await owner(`UPDATE audit_entries SET target_id = 'another' WHERE ${own} 'file "7"'`);
      expect(messagesOf(await verify())).toEqual(['batch 4 or an entry of it is not as it was sealed']);
      await owner(`DELETE FROM audit_entries WHERE ${own} 'another'`);
      expect(messagesOf(await verify())).toContainEqual(expect.stringMatching(/of batch 4 is not there$/));
      await owner('DELETE FROM audit_seals WHERE tenant_id = $1 AND seal_no = 4');
      expect(messagesOf(await verify())).toEqual(['599 entries are in no batch, and do not wait for one']);
    });

    it('counts what one answer hands out by what it is, sealed when written or later', async () => {
      const { entries: before, batches } = (await verify()).json as { entries: number; batches: number };
      await readTogether(730);
      expect((await verify()).json).toMatchObject({ findings: [], batches: batches + 1, unsealed: 0 });
      await readTogether(250);
      expect((await verify()).json).toMatchObject({ findings: [], unsealed: 250, entries: before + 980 });
      await transactionsOver();
      await seal();
      expect((await verify()).json).toMatchObject({ findings: [], batches: batches + 2, unsealed: 0 });
    });

    it.each<[string, string]>([
      ['altered', "target_ids[8] = 'another'"],
      ['left out', 'target_ids = target_ids[:7] || target_ids[9:]'],
      ['said to be by another link', 'link_id = gen_random_uuid()'],
      ['hidden', 'target_ids = NULL'],
    ])('finds one of many that an answer handed out %s', async (_, change) => {
      await readTogether(600);
      await owner(
        `UPDATE audit_entries SET ${change} WHERE tenant_id = $1 AND target_ids[8] = '${idOf(207)}'`,
      );
      expect(messagesOf(await verify())).toContain('batch 4 or an entry of it is not as it was sealed');
    });

    it('is not misled by others that seal at the same time, nor keeps them from it', async () => {
      const { entries: before } = (await verify()).json as { entries: number };
      for (let entry = 0; entry < 4; entry += 1)
        expectStatus(await tenant.editor.put(`more-${entry}`, 'x'), 201);
      await transactionsOver();
      await Promise.all([read(500), sealOnce(), read(500), sealOnce(), read(500)]);
      await seal();
      expect((await verify()).json).toMatchObject({ findings: [], unsealed: 0, entries: before + 1_504 });
    });

    it('DB-13: goes on where the rows have come to another server', async () => {
      await read(500);
      await owner('UPDATE audit_progress SET server = 1', []);
      await read(500);
      expect((await verify()).json).toMatchObject({ findings: [], batches: 5, unsealed: 0 });
      expectStatus(await tenant.editor.put('later', 'x'), 201);
      await seal();
      expect((await verify()).json).toMatchObject({ findings: [], batches: 6, unsealed: 0 });
    });
  });

  it.each([
    ['whose transactions have lower numbers', 'UPDATE audit_progress SET horizon = (1::bigint << 60)'],
    ['whose transactions have higher numbers', 'UPDATE audit_progress SET server = 1'],
  ])('DB-13: goes on where the rows have come to a server %s', async (_, moved) => {
    // As after a dump was restored there: of what was not sealed, the numbers mean nothing any more.
    expectStatus(await tenant.editor.put('before', 'x'), 201);
    await owner(
      `UPDATE audit_entries SET transaction_no = (1::bigint << 60) + 7 WHERE tenant_id = $1
       AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.tenant_id = $1 AND entry_id = ANY (s.entry_ids))`,
    );
    await owner(moved, []);
    expectStatus(await tenant.editor.put('after', 'x'), 201);
    expect((await verify()).json).toMatchObject({ findings: [], batches: 3, unsealed: 2 });
    await seal();
    expect((await verify()).json).toMatchObject({ findings: [], batches: 4, unsealed: 0 });
    expectStatus(await tenant.editor.put('later', 'x'), 201);
    await seal();
    expect((await verify()).json).toMatchObject({ findings: [], batches: 5, unsealed: 0 });
  });

  it('says so when it cannot look: exit code 2', async () => {
    expect((await runCommand(['audit', 'verify'], { DATABASE_URL: 'postgres://x@127.0.0.1:1/x' })).code).toBe(
      2,
    );
    expect((await runCommand(['audit'], {})).code).toBe(2);
  });
});

describe('OP-06, DB-13: entries that are old enough', () => {
  const entriesAt = async (age: string): Promise<void> => {
    await owner(
      `INSERT INTO audit_entries (tenant_id, entry_id, tenant_key, action, outcome)
       SELECT 'gone', audit_entry_id(now() - $1::interval), 'aaaaaaaaaaaa', 'token.create', 'success' FROM generate_series(1, 3)`,
      [age],
    );
    await seal();
  };
  const verifyGone = () => verify('--tenant', 'gone');

  beforeEach(async () => {
    for (const table of ['entries', 'seals', 'anchors'])
      await owner(`DELETE FROM audit_${table} WHERE tenant_id = 'gone'`, []);
    for (const age of ['400 days', '366 days', '364 days', '29 days']) await entriesAt(age);
  });

  it('are removed by whole batches, the oldest first, and the rest can still be verified', async () => {
    expect((await verifyGone()).json).toMatchObject({ findings: [], batches: 4, entries: 12 });
    await gateway.app.get(AuditSealer).retain(new AbortController().signal);
    expect((await verifyGone()).json).toMatchObject({ findings: [], batches: 2, entries: 6 });
    expect((await verify()).json).toMatchObject({ findings: [], batches: 3 });
    await entriesAt('1 minute');
    expect((await verifyGone()).json).toMatchObject({ findings: [], batches: 3, entries: 9 });
    await owner("DELETE FROM audit_anchors WHERE tenant_id = 'gone'", []);
    expect((await verifyGone()).code).toBe(1);
  });

  it.each(['infinity', '1900-01-01', 'epoch'])(
    'are kept for thirty days, whoever asks to have those before %s removed, and whatever a batch says',
    async (before) => {
      await owner("UPDATE audit_seals SET first_at = 'epoch', last_at = 'epoch'", []);
      await withClient(throwaway.runtimeUrl, async (client) => {
        await client.query("SELECT set_config('gatehold.tenant_id', 'gone', false)");
        for (let time = 0; time < 5; time += 1)
          await client.query('SELECT remove_oldest_audit_batch($1)', [before]);
      });
      const { json } = await verifyGone();
      expect(json).toMatchObject({ findings: [], batches: before === 'infinity' ? 1 : 4 });
    },
  );
});
