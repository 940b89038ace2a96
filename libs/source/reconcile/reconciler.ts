import { PlatformDatabase, type SessionLock } from '#database';
import { Sealer } from '#kernel';
import { Injectable, Logger } from '@nestjs/common';
import { setMaxListeners } from 'node:events';

import { brake } from './brake.js';
import { ReconcileStore } from './reconcile.store.js';
import { Removal, type Removed } from './removal.js';
import { reasonOf, RunAborted, type Progress, type RunOptions } from './run.js';
import { Survey } from './survey.js';
import { PlaceUnreadable, TenantSurveyor } from './tenant-surveyor.js';

const TENANTS_AT_ONCE = 500;

/** What came of a run. */
export interface ReconcileReport {
  readonly survey: Survey;
  readonly removed: Removed;
  readonly tenants: number;
  /** Tenants that were left out, each with the reason; never any when the run was told to end instead. */
  readonly passedOver: readonly string[];
  /** Null when the run came to its end. */
  readonly abortedBecause: string | null;
}

/** What a run has come to so far. */
class Run {
  readonly survey: Survey;
  readonly removed: Removed = { objects: 0, multipartUploads: 0 };
  readonly passedOver: string[] = [];
  /** Tenants whose view cannot be true, each with the reason. */
  readonly doubts: string[] = [];
  tenants = 0;
  readonly signal: AbortSignal;

  constructor(
    readonly options: RunOptions,
    readonly lock: SessionLock,
  ) {
    this.survey = new Survey(options.maxRemovals);
    this.signal = AbortSignal.any([options.signal, lock.lost]);
    // Many calls listen to it at once.
    setMaxListeners(0, this.signal);
  }

  report(abortedBecause: string | null): ReconcileReport {
    const { survey, removed, tenants, passedOver } = this;
    return { survey, removed, tenants, passedOver, abortedBecause };
  }

  tell(phase: Progress['phase'], under: Survey | null = null): void {
    this.options.onProgress({
      phase,
      tenants: this.tenants,
      rows: this.survey.checkedRows + (under?.checkedRows ?? 0),
      objects: this.survey.checkedObjects + (under?.checkedObjects ?? 0),
      removed: this.removed.objects,
    });
  }
}

/**
 * Compares rows and objects, and clears away what belongs to nobody. One run at a time, whoever starts it. A run looks at
 * everything first, then decides whether its view can be true, and only then removes: whatever fails before that, nothing
 * is removed. Rows are never changed: a source whose object is missing is reported, and its object may be put back.
 */
@Injectable()
export class Reconciler {
  private readonly logger = new Logger(Reconciler.name);

  constructor(
    private readonly store: ReconcileStore,
    private readonly surveyor: TenantSurveyor,
    private readonly removal: Removal,
    private readonly platform: PlatformDatabase,
    private readonly sealer: Sealer,
  ) {}

  /** Never rejects: what keeps a run from its end is in the report. */
  async run(options: RunOptions): Promise<ReconcileReport> {
    let lock: SessionLock | null = null;
    let run: Run | null = null;
    try {
      lock = await this.platform.tryLock('reconcile');
      if (lock === null) throw new RunAborted('another run is under way');
      run = new Run(options, lock);
      await this.compareAll(run);
      this.judge(run);
      if (options.apply) await this.remove(run);
      return run.report(null);
    } catch (error) {
      const reason = this.explain(error, options, lock);
      return run === null ? nothing(reason) : run.report(reason);
    } finally {
      await lock?.release();
    }
  }

  private async compareAll(run: Run): Promise<void> {
    const { tenantId } = run.options;
    // A database that another key has sealed is another gateway's, and an empty one nobody's.
    if (!(await this.store.isSealedWith(this.sealer.fingerprint)))
      throw new RunAborted('the database does not belong to this master key');
    if (tenantId !== null) {
      if (!(await this.compare(tenantId, run))) throw new RunAborted(`there is no tenant ${tenantId}`);
      return;
    }
    for (let after = ''; ;) {
      const ids = await this.store.listTenantIds(after, TENANTS_AT_ONCE);
      for (const id of ids) await this.compare(id, run);
      const last = ids.at(-1);
      if (last === undefined) return;
      after = last;
    }
  }

  /** False when there is no such tenant. */
  private async compare(tenantId: string, run: Run): Promise<boolean> {
    const { survey, options, signal } = run;
    signal.throwIfAborted();
    try {
      const { graceSeconds, maxRemovals, maxPercent } = options;
      const seen = await this.surveyor.survey(tenantId, { graceSeconds, maxRemovals, signal }, (under) =>
        run.tell('comparing', under),
      );
      if (seen === null) return false;
      const reason = brake(seen, maxPercent, `tenant ${tenantId}`);
      if (reason !== null) {
        seen.spareAll();
        run.doubts.push(reason);
      }
      survey.include(seen);
      run.tenants += 1;
      run.tell('comparing');
    } catch (error) {
      if (!(options.passOver && error instanceof PlaceUnreadable)) throw error;
      run.passedOver.push(error.message);
    }
    return true;
  }

  /** Everything is looked at before a run ends of its doubts, so that the report has all of it. */
  private judge({ survey, options, doubts, passedOver }: Run): void {
    const reason = brake(survey, options.maxPercent, 'all tenants together');
    if (reason !== null) throw new RunAborted(reason);
    const [doubt] = doubts;
    if (doubt !== undefined && !options.passOver) throw new RunAborted(doubt);
    passedOver.push(...doubts);
  }

  private async remove(run: Run): Promise<void> {
    const mayGoOn = async (): Promise<void> => {
      run.signal.throwIfAborted();
      run.tell('removing');
      // Also after this process stood still for so long that somebody else has begun.
      await run.lock.confirm();
    };
    await this.removal.run(run.survey, run.removed, mayGoOn, run.signal);
    run.tell('removing');
  }

  private explain(error: unknown, { signal }: RunOptions, lock: SessionLock | null): string {
    if (signal.aborted) return 'the run was stopped';
    if (lock?.lost.aborted) return 'the connection that holds the lock of the run broke';
    this.logger.warn({ err: error }, 'the comparison of rows and objects was ended');
    return reasonOf(error);
  }
}

function nothing(abortedBecause: string): ReconcileReport {
  return {
    survey: new Survey(0),
    removed: { objects: 0, multipartUploads: 0 },
    tenants: 0,
    passedOver: [],
    abortedBecause,
  };
}
