import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { newUuid } from '#kernel';
import { rename, symlink, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';

import { eventually } from '../../support/eventually.js';
import { countsOf, DAY, keysOf, ReconcileBench, type BenchTenant } from '../../support/reconcile-bench.js';

jest.setTimeout(60_000);

const APPLY = { apply: true };

let bench: ReconcileBench;
let tenant: BenchTenant;

beforeEach(async () => {
  bench = await ReconcileBench.open();
  tenant = await bench.makeTenant();
});
afterEach(() => bench.close());

/** Sources whose objects are older than the grace period. */
async function oldSources(of: BenchTenant, count: number): Promise<string[]> {
  const keys = await bench.addSources(of, count);
  for (const key of keys) await bench.age(key);
  return keys;
}

async function expectAllThere(of: BenchTenant, keys: readonly string[]): Promise<void> {
  for (const key of keys) expect([key, await bench.isThere(of, key)]).toEqual([key, true]);
}

describe('CF-06: a view that cannot be true removes nothing', () => {
  it('a tenant with objects and not a single row', async () => {
    const keys = await oldSources(tenant, 5);
    await bench.owner('DELETE FROM sources');
    const report = await bench.run(APPLY);
    expect(countsOf(report)).toMatchObject({ rows: 0, objects: 5, orphans: 5, removed: 0 });
    expect(report.abortedBecause).toMatch(/not one row/);
    await expectAllThere(tenant, keys);
  });

  it('a database put back to an earlier day: more orphans than the brake allows', async () => {
    const keys = await oldSources(tenant, 40);
    await bench.owner('DELETE FROM sources WHERE source_id IN (SELECT source_id FROM sources LIMIT 11)');
    const report = await bench.run(APPLY);
    expect(countsOf(report)).toMatchObject({ objects: 40, orphans: 11, removed: 0 });
    expect(report.abortedBecause).toMatch(/11 of 40 objects/);
    await expectAllThere(tenant, keys);
    // The operator has looked, and says so.
    const forced = await bench.run({ ...APPLY, maxPercent: 100 });
    expect(countsOf(forced)).toMatchObject({ orphans: 11, removed: 11, abortedBecause: null });
  });

  it('a little of many tenants, each within bounds, is too much of all together', async () => {
    const tenants = [tenant, await bench.makeTenant(), await bench.makeTenant()];
    for (const one of tenants) {
      await oldSources(one, 10);
      await bench.owner(
        `DELETE FROM sources WHERE tenant_id = $1 AND source_id IN
          (SELECT source_id FROM sources WHERE tenant_id = $1 LIMIT 5)`,
        [one.id],
      );
    }
    const report = await bench.run(APPLY);
    expect(countsOf(report)).toMatchObject({ objects: 30, orphans: 15, removed: 0 });
    expect(report.abortedBecause).toMatch(/^all tenants together: /);
  });

  it('a storage in which the objects of many rows are not', async () => {
    await oldSources(tenant, 20);
    const orphan = await bench.plantOld(tenant);
    for (let count = 0; count < 11; count += 1)
      await bench.addRow(tenant, `${tenant.key}/${newUuid()}`, Buffer.from('x'));
    const report = await bench.run(APPLY);
    expect(countsOf(report)).toMatchObject({ rows: 31, missing: 11, orphans: 1, removed: 0 });
    expect(report.abortedBecause).toMatch(/11 of 31 rows/);
    await expectAllThere(tenant, [orphan]);
  });

  it('another gateway’s database, or one that no gateway has used', async () => {
    const keys = await oldSources(tenant, 1);
    await bench.plantOld(tenant);
    await bench.owner("UPDATE platform_settings SET value = 'another' WHERE name = 'master_key_fingerprint'");
    const foreign = await bench.run(APPLY);
    expect(countsOf(foreign)).toMatchObject({ objects: 0, removed: 0 });
    expect(foreign.abortedBecause).toMatch(/master key/);
    await bench.owner('DELETE FROM platform_settings');
    expect((await bench.run(APPLY)).abortedBecause).toMatch(/master key/);
    await expectAllThere(tenant, keys);
  });

  it('a tenant that is not there', async () => {
    expect((await bench.run({ ...APPLY, tenantId: 'nobody' })).abortedBecause).toMatch(/no tenant nobody/);
  });

  it('a table that cannot be read', async () => {
    await oldSources(tenant, 1);
    const orphan = await bench.plantOld(tenant);
    await bench.owner('ALTER TABLE outbox RENAME TO outbox_of_before');
    const report = await bench.run(APPLY);
    expect(report.removed.objects).toBe(0);
    expect(report.abortedBecause).not.toBeNull();
    await expectAllThere(tenant, [orphan]);
  });

  it('a storage whose folder is not there for one of its tenants’ listings', async () => {
    await oldSources(tenant, 1);
    const other = await bench.makeTenant();
    await oldSources(other, 1);
    const orphan = await bench.plantOld(other);
    const broken = dirname(dirname(bench.fileOf(`${tenant.key}/${newUuid()}`)));
    await rename(broken, `${broken}-moved`);
    await symlink(`${broken}-moved`, broken);
    const strict = await bench.run(APPLY);
    expect(countsOf(strict)).toMatchObject({ removed: 0 });
    expect(strict.abortedBecause).toContain(`tenant ${tenant.id}, the data folder: `);
    await expectAllThere(other, [orphan]);
    // A run that nobody watches leaves that tenant out, and says so.
    const lenient = await bench.run({ ...APPLY, passOver: true });
    expect(countsOf(lenient)).toMatchObject({ orphans: 1, removed: 1, abortedBecause: null });
    expect(lenient.passedOver).toEqual([expect.stringContaining(tenant.id)]);
  });

  it('in a run that nobody watches a tenant in doubt is left out, and the others are not', async () => {
    const doubtful = await bench.makeTenant();
    const kept = await bench.plantOld(doubtful);
    await oldSources(tenant, 30);
    const orphan = await bench.plantOld(tenant);
    const report = await bench.run({ ...APPLY, passOver: true });
    expect(countsOf(report)).toMatchObject({ orphans: 2, removed: 1, abortedBecause: null });
    expect(report.passedOver).toEqual([expect.stringMatching(/not one row/)]);
    expect(await bench.isThere(tenant, orphan)).toBe(false);
    await expectAllThere(doubtful, [kept]);
  });
});

describe('what is removed', () => {
  it('DB-09: objects whose rows were deleted behind the API', async () => {
    const keys = await oldSources(tenant, 12);
    const [lost = ''] = keys;
    await bench.owner('DELETE FROM sources WHERE object_key = $1', [lost]);
    const report = await bench.run(APPLY);
    expect(keysOf(report.survey.orphans)).toEqual([lost]);
    expect(await bench.isThere(tenant, lost)).toBe(false);
    await expectAllThere(tenant, keys.slice(1));
  });

  it('goes by the age of each object, to the second', async () => {
    await oldSources(tenant, 1);
    const [old, young] = [await bench.plant(tenant), await bench.plant(tenant)];
    await bench.age(old, DAY + 60_000);
    await bench.age(young, DAY - 60_000);
    const report = await bench.run(APPLY);
    expect(countsOf(report)).toMatchObject({ orphans: 1, young: 1, removed: 1 });
    expect(keysOf(report.survey.orphans)).toEqual([old]);
    await expectAllThere(tenant, [young]);
  });

  it('is never an object whose age the storage does not know', async () => {
    await oldSources(tenant, 1);
    const dateless = await bench.plant(tenant);
    await utimes(bench.fileOf(dateless), 0, 0);
    expect(countsOf(await bench.run(APPLY))).toMatchObject({ orphans: 0, young: 1, removed: 0 });
    await expectAllThere(tenant, [dateless]);
  });

  it('is at most what one run may remove; the next one goes on', async () => {
    await oldSources(tenant, 20);
    for (let count = 0; count < 8; count += 1) await bench.plantOld(tenant);
    const first = await bench.run({ ...APPLY, maxRemovals: 5 });
    expect(countsOf(first)).toMatchObject({ orphans: 8, removed: 5, abortedBecause: null });
    const second = await bench.run({ ...APPLY, maxRemovals: 5 });
    expect(countsOf(second)).toMatchObject({ orphans: 3, removed: 3 });
    expect(countsOf(await bench.run(APPLY))).toMatchObject({ orphans: 0, removed: 0 });
  });

  it('is nothing of a tenant that is being erased', async () => {
    const orphan = await bench.plantOld(tenant);
    await bench.owner("UPDATE tenants SET status = 'deleting' WHERE tenant_id = $1", [tenant.id]);
    expect(countsOf(await bench.run(APPLY))).toMatchObject({ objects: 0, removed: 0, abortedBecause: null });
    await expectAllThere(tenant, [orphan]);
  });

  it('is looked at again, under a lock, before it goes: what has come to be named meanwhile stays', async () => {
    await oldSources(tenant, 1);
    const [adopted, orphan] = [await bench.plantOld(tenant), await bench.plantOld(tenant)];
    const running = await bench.asOwner(async (client) => {
      await client.query('BEGIN');
      await client.query("SELECT pg_advisory_xact_lock(hashtextextended('gatehold reconcile ' || $1, 0))", [
        tenant.id,
      ]);
      const run = bench.run(APPLY);
      await eventually('the run waits for the lock', async () => {
        const { rowCount } = await client.query(
          "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
        );
        return rowCount === 1;
      });
      await bench.addRow(tenant, adopted, Buffer.from('orphan'));
      await client.query('COMMIT');
      return { report: run };
    });
    expect(countsOf(await running.report)).toMatchObject({ orphans: 2, removed: 1, abortedBecause: null });
    expect([await bench.isThere(tenant, adopted), await bench.isThere(tenant, orphan)]).toEqual([
      true,
      false,
    ]);
  });
});
