import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newUuid } from '#kernel';
import { parseKeyPrefix, parseObjectKey } from '#storage';

import { countsOf, keysOf, ReconcileBench, type BenchTenant } from './reconcile-bench.js';

const CLEAN = { young: 0, missing: 0, orphans: 0, stale: 0, unfinished: 0, abortedBecause: null };
/**
 * Without grace everything is old, with an hour everything that a test has made is young. Below zero, because storages
 * date objects to the millisecond and say what time it is in whole seconds.
 */
const NO_GRACE = { graceSeconds: -5 };
const HOUR_OF_GRACE = { graceSeconds: 3_600 };

/** What the reconciler does on every storage. `settings` are those of the default storage. */
export function describeReconciler(name: string, settings: () => Promise<Record<string, string>>): void {
  describe(`the reconciler on ${name}`, () => {
    let bench: ReconcileBench;
    let tenant: BenchTenant;

    beforeAll(async () => {
      bench = await ReconcileBench.open(await settings());
      tenant = await bench.makeTenant();
    });
    afterAll(() => bench.close());

    /** What is there and what is not, by key. */
    const there = async (keys: readonly string[]): Promise<boolean[]> =>
      await Promise.all(keys.map((key) => bench.isThere(tenant, key)));

    it('finds nothing where every row has its object and every object its row', async () => {
      await bench.addSources(tenant, 5);
      const report = await bench.run({ tenantId: tenant.id, ...NO_GRACE });
      expect(countsOf(report)).toEqual({ ...CLEAN, rows: 5, objects: 5, removed: 0 });
    });

    it('CF-01: leaves an orphan alone until the grace period is over, by the storage’s time, then removes it', async () => {
      const sources = await bench.addSources(tenant, 3);
      const orphans = [await bench.plant(tenant), await bench.plant(tenant)];
      const early = await bench.run({ tenantId: tenant.id, apply: true, ...HOUR_OF_GRACE });
      expect(countsOf(early)).toMatchObject({ ...CLEAN, young: 2, removed: 0 });
      const dry = await bench.run({ tenantId: tenant.id, ...NO_GRACE });
      expect(countsOf(dry)).toMatchObject({ ...CLEAN, orphans: 2, removed: 0 });
      expect(keysOf(dry.survey.orphans)).toEqual([...orphans].sort());
      expect(await there(orphans)).toEqual([true, true]);
      const applied = await bench.run({ tenantId: tenant.id, apply: true, ...NO_GRACE });
      expect(countsOf(applied)).toMatchObject({ ...CLEAN, orphans: 2, removed: 2 });
      expect(await there(orphans)).toEqual([false, false]);
      expect(await there(sources)).toEqual([true, true, true]);
      expect(countsOf(await bench.run({ tenantId: tenant.id, ...NO_GRACE }))).toMatchObject({
        ...CLEAN,
        removed: 0,
      });
    });

    it('reports rows without their object and objects of another size, and keeps the rows', async () => {
      const broken = await bench.makeTenant();
      await bench.addSources(broken, 20);
      const gone = `${broken.key}/${newUuid()}`;
      const short = await bench.plant(broken, 'shorter');
      await bench.addRow(broken, gone, Buffer.from('never came'));
      await bench.addRow(broken, short, Buffer.from('longer than that'));
      const report = await bench.run({ tenantId: broken.id, apply: true, ...NO_GRACE });
      expect(countsOf(report)).toEqual({ ...CLEAN, rows: 22, objects: 21, missing: 2, removed: 0 });
      const reasons = report.survey.missing.shown.map(({ objectKey, reason }) => [objectKey, reason]);
      expect(reasons.sort()).toEqual(
        [
          [gone, 'absent'],
          [short, 'size'],
        ].sort(),
      );
      const rows = await bench.owner('SELECT FROM sources WHERE tenant_id = $1', [broken.id]);
      expect(rows).toHaveLength(22);
    });

    it('never takes for an orphan what any row names: an upload, a completed one, a removal that is due', async () => {
      const keys = [await bench.plant(tenant), await bench.plant(tenant), await bench.plant(tenant)];
      await bench.addUpload(tenant, keys[0] ?? '', '1 hour');
      await bench.addUpload(tenant, keys[1] ?? '', '1 hour');
      await bench.owner("UPDATE uploads SET state = 'completed' WHERE object_key = $1", [keys[1]]);
      await bench.owner(
        "INSERT INTO outbox (tenant_id, kind, object_key, due_at) VALUES ($1, 'remove_object', $2, 'infinity')",
        [tenant.id, keys[2]],
      );
      const report = await bench.run({ tenantId: tenant.id, apply: true, ...NO_GRACE });
      expect(countsOf(report)).toMatchObject({ ...CLEAN, removed: 0 });
      expect(await there(keys)).toEqual([true, true, true]);
    });

    it('touches nothing that the gateway cannot have made, however old it is', async () => {
      const foreign = [
        `${tenant.key}/readme`,
        `${tenant.key}/backup/${newUuid()}`,
        `${tenant.key}/${newUuid()}-copy`,
        `${tenant.key}/0`,
      ];
      for (const key of foreign) await bench.plant(tenant, 'somebody else’s', key);
      const report = await bench.run({ tenantId: tenant.id, apply: true, ...NO_GRACE });
      expect(countsOf(report)).toMatchObject({ ...CLEAN, removed: 0 });
      expect(await there(foreign)).toEqual([true, true, true, true]);
    });

    it('AZ-05: keeps to the tenant: t1 sees and removes nothing of t10, t1-x or t', async () => {
      const key = newUuid().replaceAll('-', '').slice(-10);
      const [one, ten, dash, less] = [
        await bench.makeTenant(undefined, `${key}1`),
        await bench.makeTenant(undefined, `${key}10`),
        await bench.makeTenant(undefined, `${key}1-x`),
        await bench.makeTenant(undefined, key),
      ];
      await bench.addSources(one, 1);
      const own = await bench.plant(one);
      const others: [BenchTenant, string][] = [];
      for (const other of [ten, dash, less]) others.push([other, await bench.plant(other)]);
      const report = await bench.run({ tenantId: one.id, apply: true, ...NO_GRACE });
      expect(countsOf(report)).toMatchObject({ rows: 1, objects: 2, orphans: 1, removed: 1 });
      expect(await bench.isThere(one, own)).toBe(false);
      for (const [other, left] of others) expect(await bench.isThere(other, left)).toBe(true);
    });

    it('aborts multipart uploads that no row names, and no others', async () => {
      const storage = await bench.storageOf(tenant);
      const { multipart } = storage;
      if (multipart === null) throw new Error('no multipart uploads');
      const [dead, live, foreign] = [
        `${tenant.key}/${newUuid()}`,
        `${tenant.key}/${newUuid()}`,
        `${tenant.key}/mine`,
      ];
      for (const key of [dead, live, foreign]) await multipart.create(parseObjectKey(key));
      await bench.addUpload(tenant, live, '1 hour');
      const early = await bench.run({ tenantId: tenant.id, apply: true, ...HOUR_OF_GRACE });
      expect(countsOf(early)).toMatchObject({ unfinished: 0 });
      const report = await bench.run({ tenantId: tenant.id, apply: true, ...NO_GRACE });
      expect(keysOf(report.survey.unfinished)).toEqual([dead]);
      expect(report.removed).toEqual({ objects: 0, multipartUploads: 1 });
      const left = (await multipart.listUnfinished(parseKeyPrefix(tenant.key))).uploads;
      expect(left.map(({ key }) => key).sort()).toEqual([live, foreign].sort());
    });

    it('ends uploads whose time has passed, and says which they were', async () => {
      const [late, early] = [await bench.plant(tenant), await bench.plant(tenant)];
      const uploadId = await bench.addUpload(tenant, late, '-1 hour');
      await bench.addUpload(tenant, early, '1 hour');
      const dry = await bench.run({ tenantId: tenant.id, ...NO_GRACE });
      expect(dry.survey.stale.shown).toMatchObject([{ uploadId, objectKey: late, kind: 'direct' }]);
      expect(await there([late, early])).toEqual([true, true]);
      await bench.run({ tenantId: tenant.id, apply: true, ...NO_GRACE });
      expect(await there([late, early])).toEqual([false, true]);
      expect(countsOf(await bench.run({ tenantId: tenant.id, ...NO_GRACE }))).toMatchObject({ stale: 0 });
    });

    it('ST-15: compares 1,001 objects and finds the one that is missing and the one too many', async () => {
      const many = await bench.makeTenant();
      const keys = Array.from({ length: 1_001 }, () => `${many.key}/${newUuid()}`);
      const waiting = [...keys];
      const worker = async (): Promise<void> => {
        for (let key = waiting.pop(); key !== undefined; key = waiting.pop())
          await bench.plant(many, 'x', key);
      };
      await Promise.all(Array.from({ length: 16 }, worker));
      const gone = `${many.key}/${newUuid()}`;
      await bench.owner(
        `INSERT INTO sources (tenant_id, source_id, sub_tenant_id, name, status, content_type, size_bytes, checksum_sha256,
           object_key, binding_id)
         SELECT $1, gen_random_uuid(), 'default', 'x', 'available', 'text/plain', 1, '\\x00', key, $3
         FROM unnest($2::text[]) AS key`,
        [many.id, [...keys, gone], await bench.storages.getDefaultId()],
      );
      const orphan = await bench.plant(many);
      const report = await bench.run({ tenantId: many.id, apply: true, ...NO_GRACE });
      expect(countsOf(report)).toMatchObject({
        rows: 1_002,
        objects: 1_002,
        missing: 1,
        orphans: 1,
        removed: 1,
      });
      expect(keysOf(report.survey.missing)).toEqual([gone]);
      expect(keysOf(report.survey.orphans)).toEqual([orphan]);
    });

    it('reads every object when told to, and finds nothing wrong with those that are as they were', async () => {
      const whole = await bench.makeTenant();
      await bench.addSource(whole, Buffer.alloc(70_000, 'a'));
      await bench.addSource(whole, Buffer.alloc(0));
      const report = await bench.verification.run({
        tenantId: whole.id,
        bytesPerSecond: 2 ** 30,
        secondsBetween: 0,
        signal: new AbortController().signal,
        onProgress: () => undefined,
      });
      expect(report).toMatchObject({ objects: 2, bytes: 70_000, abortedBecause: null });
      expect(report.corrupt.count).toBe(0);
    });
  });
}
