import { parseConfig } from '#config';
import type { Reconciler, ReconcileReport, RunOptions } from '#source';
import { fileURLToPath } from 'node:url';

import type * as logging from '../../../apps/gateway/src/logging.js';
import type * as maintenance from '../../../apps/gateway/src/maintenance.js';
import type { World } from './world.js';

/** Built, like the libs: what is composed there has decorators. */
const GATEWAY = new URL('../../../dist/apps/gateway/src/', import.meta.url);

/** Below zero, because storages date objects to the millisecond and say what time it is in whole seconds. */
const NO_GRACE_SECONDS = -5;

/** The reconciler, composed as `gatehold reconcile` does it, in this process, so that it can run at any moment. */
export class WorldReconciler {
  private constructor(
    private readonly reconciler: Reconciler,
    readonly close: () => Promise<void>,
  ) {}

  /** Reaches PostgreSQL at a port, and works with that database. */
  static async open({ env }: World, databasePort: number, database?: string): Promise<WorldReconciler> {
    const { openMaintenance } = (await load('maintenance.js')) as typeof maintenance;
    const { createLogger } = (await load('logging.js')) as typeof logging;
    const config = parseConfig({ ...env(databasePort, database), DATABASE_POOL_SIZE: '2' });
    const opened = await openMaintenance(config, createLogger('silent'));
    return new WorldReconciler(opened.reconciler, () => opened.close());
  }

  /** Compares everything; without any grace and with the usual limits, unless told otherwise. */
  run(options: Partial<RunOptions> = {}): Promise<ReconcileReport> {
    return this.reconciler.run({
      tenantId: null,
      apply: false,
      graceSeconds: NO_GRACE_SECONDS,
      maxRemovals: 10_000,
      maxPercent: 5,
      passOver: false,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...options,
    });
  }
}

function load(name: string): Promise<unknown> {
  return import(fileURLToPath(new URL(name, GATEWAY)));
}

/** What a run found, in words; null for nothing. */
export function findingsOf({ survey }: ReconcileReport): string | null {
  const counts = {
    'rows without their object': survey.missing.count,
    'objects without a row': survey.orphans.count,
    'dead uploads': survey.stale.count,
    'multipart uploads of nobody': survey.unfinished.count,
  };
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  return found.length === 0 ? null : found.map(([what, count]) => `${count} ${what}`).join(', ');
}
