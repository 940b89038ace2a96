import { setTimeout as pause } from 'node:timers/promises';

import { PostgresProxy } from '../wire/postgres-proxy.js';
import { migrateNew } from '../world/migrated-database.js';
import { WorldReconciler } from '../world/reconciler.js';
import type { Fault, Strike } from './fault.js';
import { cephOf } from './s3-treatment.js';

const EVERY_MS = 100;
/** What tells whose a database and its objects are, without a single source. */
const DIRECTORY = [
  'platform_settings',
  'platform_bindings',
  'tenant_directory',
  'tenants',
  'sub_tenants',
  'storage_bindings',
];

/**
 * The reconciler runs all the time, without any grace, and removes; then with a database that forgets connections, with a
 * storage that fails to list, and on a database that knows the tenants and none of their sources. Whatever it sees, it
 * removes nothing that is needed, and from the last one nothing at all.
 */
export const reconcilerAlways: Fault = {
  id: 'F21',
  name: 'reconciler every 100 ms without grace, and with hostile views',
  async strike(strike) {
    const { world, choices } = strike;
    const proxy = await PostgresProxy.open();
    proxy.leadTo(world.postgres.port);
    const reconciler = await WorldReconciler.open(world, proxy.port);
    const calls = choices.fork('calls');
    try {
      await runFor(strike, reconciler, choices.between(1_500, 2_500));
      proxy.onAnswer = () => {
        if (calls.chance(0.02)) proxy.cut();
      };
      await runFor(strike, reconciler, 800);
      proxy.onAnswer = () => undefined;
      if (world.place.storage === 'ceph') await withBrokenLists(strike, reconciler);
    } finally {
      await reconciler.close().catch(() => undefined);
      await proxy.close();
    }
    await onForgetfulDatabase(strike);
  },
};

async function runFor(strike: Strike, reconciler: WorldReconciler, durationMs: number): Promise<void> {
  const deadline = performance.now() + durationMs * strike.pace;
  while (performance.now() < deadline) {
    const { survey } = await reconciler.run({ apply: true });
    strike.hit();
    strike.checked('I3');
    if (survey.missing.count > 0)
      await strike.violate('I3', `the reconciler misses the objects of ${survey.missing.count} rows`);
    await pause(EVERY_MS);
  }
}

async function withBrokenLists(strike: Strike, reconciler: WorldReconciler): Promise<void> {
  const { proxy } = cephOf(strike);
  const choices = strike.choices.fork('lists');
  proxy.treat(({ operation }) =>
    operation === 'Other' && choices.chance(0.5)
      ? { kind: 'answer', status: 500, code: 'InternalError' }
      : null,
  );
  try {
    await runFor(strike, reconciler, 800);
  } finally {
    proxy.treat(null);
  }
}

/** As after a backup of long ago was put back: it must take its own view for wrong. */
async function onForgetfulDatabase(strike: Strike): Promise<void> {
  const { world } = strike;
  const name = await migrateNew(world);
  try {
    for (const table of DIRECTORY) {
      const rows = await world.postgres.query(`SELECT to_jsonb(t) AS row FROM ${table} t`);
      await world.postgres.query(
        `INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`,
        [JSON.stringify(rows.map(({ row }) => row as unknown))],
        name,
      );
    }
    const reconciler = await WorldReconciler.open(world, world.postgres.port, name);
    const report = await reconciler.run({ apply: true }).finally(() => reconciler.close());
    strike.hit();
    strike.checked('I5');
    if (report.removed.objects > 0 || report.abortedBecause === null)
      await strike.violate('I5', `a reconciler without rows removed ${report.removed.objects} objects`);
  } finally {
    await world.postgres.query(`DROP DATABASE ${name} WITH (FORCE)`);
  }
}
