import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { newUuid } from '#kernel';
import { Reconciler, type ReconcileReport, type RunOptions } from '#source';

import { Api, expectStatus, makeTenant, type TestTenant } from '../../support/api.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph, type Ceph } from '../../support/ceph.js';
import { CephBucket } from '../../support/ceph-buckets.js';
import { startInProcess, type InProcessGateway } from '../../support/in-process-gateway.js';
import { describeWith } from '../../support/programs.js';
import { countsOf, keysOf } from '../../support/reconcile-bench.js';
import { ThrowawayDatabase } from '../../support/test-database.js';

jest.setTimeout(CEPH_START_MS);

/** Reached on this machine, and no run but those of this suite. */
const QUIET = { GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8', GATEHOLD_RECONCILE_INTERVAL_SECONDS: '0' };

describeWith(CEPH_PROGRAMS, 'every storage that a tenant has or had', () => {
  let ceph: Ceph;
  let throwaway: ThrowawayDatabase;
  let gateway: InProcessGateway;
  let tenant: TestTenant;
  let key: string;
  let first: CephBucket;
  let second: CephBucket;

  beforeAll(async () => {
    ceph = await sharedCeph();
    throwaway = await ThrowawayDatabase.create();
    gateway = await startInProcess(throwaway, throwaway.runtimeUrl, QUIET);
    tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
    key = (tenant.editor.token ?? '').split('_')[1] ?? '';
    [first, second] = [await CephBucket.make(ceph), await CephBucket.make(ceph)];
  });
  afterAll(async () => {
    await gateway.close();
    await throwaway.drop();
  });

  const bind = async (bucket: CephBucket): Promise<void> => {
    const json = bucket.binding();
    expectStatus(
      await tenant.admin.request('PUT', `/v1/tenants/${tenant.id}/storage-binding`, { json }),
      200,
    );
  };
  const run = (options: Partial<RunOptions> = {}): Promise<ReconcileReport> =>
    gateway.app.get(Reconciler, { strict: false }).run({
      tenantId: tenant.id,
      apply: true,
      graceSeconds: -5,
      maxRemovals: 1_000,
      maxPercent: 5,
      passOver: false,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...options,
    });

  it('is compared and cleared: the data folder, a bucket that was replaced, and the one in use', async () => {
    expectStatus(await tenant.editor.put('in-the-folder', 'folder'), 201);
    await bind(first);
    expectStatus(await tenant.editor.put('in-the-first', 'first'), 201);
    await bind(second);
    expectStatus(await tenant.editor.put('in-the-second', 'second'), 201);
    const orphans = [`${key}/${newUuid()}`, `${key}/${newUuid()}`];
    await first.write(orphans[0] ?? '', Buffer.from('nobody’s'));
    await second.write(orphans[1] ?? '', Buffer.from('nobody’s'));
    const report = await run();
    expect(countsOf(report)).toMatchObject({ rows: 3, objects: 5, missing: 0, orphans: 2, removed: 2 });
    expect(keysOf(report.survey.orphans)).toEqual([...orphans].sort());
    const bindings = report.survey.orphans.shown.map(({ bindingId }) => bindingId);
    expect(new Set(bindings).size).toBe(2);
    expect([(await first.keys()).length, (await second.keys()).length]).toEqual([1, 1]);
    for (const name of ['folder', 'first', 'second'])
      expect((await tenant.viewer.get(`/v1/sources/in-the-${name}/content`)).text).toBe(name);
  });

  it('ends the run when one of them cannot be read in which rows have objects', async () => {
    const orphan = `${key}/${newUuid()}`;
    await second.write(orphan, Buffer.from('nobody’s'));
    await first.drop();
    const report = await run();
    expect(report.removed.objects).toBe(0);
    expect(report.abortedBecause).toContain(`tenant ${tenant.id}, the storage `);
    expect(await second.keys()).toContain(orphan);
  });

  it('passes over one of before that cannot be read and in which no row has anything', async () => {
    expectStatus(await tenant.editor.delete('/v1/sources/in-the-first'), 204);
    await throwaway.owner('DELETE FROM outbox WHERE tenant_id = $1', [tenant.id]);
    const report = await run();
    expect(countsOf(report)).toMatchObject({
      rows: 2,
      missing: 0,
      orphans: 1,
      removed: 1,
      abortedBecause: null,
    });
  });
});
