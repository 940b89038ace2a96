import { JobSchedule } from '#jobs';
import { Injectable, Logger } from '@nestjs/common';

import { ClaimStore } from './claim.store.js';
import { Reconciler, type ReconcileReport } from './reconciler.js';
import type { RunOptions } from './run.js';
import { Verification, type VerificationReport } from './verification.js';

/** What the operator sets for runs that nobody asks for. */
export class ReconcileSettings {
  constructor(
    readonly run: Pick<RunOptions, 'apply' | 'graceSeconds' | 'maxRemovals' | 'maxPercent'>,
    /** 0 for no runs. */
    readonly everySeconds: number,
    readonly verification: {
      readonly bytesPerSecond: number;
      /** 0 for no rounds. */
      readonly everySeconds: number;
    },
  ) {}
}

const LOOK_EVERY_MS = 60_000;

/** Compares rows and objects once in a while, and reads all objects slowly, where the operator has asked for that. */
@Injectable()
export class ReconcileJob {
  private readonly logger = new Logger(ReconcileJob.name);

  constructor(
    private readonly claims: ClaimStore,
    private readonly reconciler: Reconciler,
    private readonly verification: Verification,
    private readonly settings: ReconcileSettings,
    schedule: JobSchedule,
  ) {
    const everyMs = LOOK_EVERY_MS;
    if (settings.everySeconds > 0)
      schedule.add({ name: 'reconcile', everyMs, run: (signal) => this.reconcile(signal) });
    if (settings.verification.everySeconds > 0)
      schedule.add({ name: 'verify', everyMs, run: (signal) => this.verify(signal) });
  }

  private async reconcile(signal: AbortSignal): Promise<boolean> {
    if (!(await this.claims.claim('reconcile', this.settings.everySeconds))) return false;
    const onProgress = (): void => undefined;
    const options = { ...this.settings.run, tenantId: null, passOver: true, signal, onProgress };
    this.tell(await this.reconciler.run(options));
    return false;
  }

  private async verify(signal: AbortSignal): Promise<boolean> {
    const { everySeconds, bytesPerSecond } = this.settings.verification;
    const onProgress = (): void => undefined;
    const options = { tenantId: null, secondsBetween: everySeconds, bytesPerSecond, signal, onProgress };
    this.tellOf(await this.verification.run(options));
    return false;
  }

  private tell({ survey, removed, passedOver, abortedBecause }: ReconcileReport): void {
    const counts = {
      rows: survey.checkedRows,
      objects: survey.checkedObjects,
      missing_objects: survey.missing.count,
      orphan_objects: survey.orphans.count,
      stale_uploads: survey.stale.count,
      unfinished_uploads: survey.unfinished.count,
      removed: removed.objects,
      passed_over: passedOver,
      aborted_because: abortedBecause,
    };
    const found = survey.missing.count + survey.orphans.count + survey.stale.count + survey.unfinished.count;
    const message = 'rows and objects were compared';
    if (found > 0 || abortedBecause !== null || passedOver.length > 0) this.logger.warn(counts, message);
    else this.logger.log(counts, message);
  }

  private tellOf({ objects, bytes, corrupt, abortedBecause, isBusy }: VerificationReport): void {
    if (isBusy || (objects === 0 && corrupt.count === 0 && abortedBecause === null)) return;
    const counts = { objects, bytes, corrupt_objects: corrupt.count, aborted_because: abortedBecause };
    const message = 'objects were read and compared with their checksums';
    if (corrupt.count > 0 || abortedBecause !== null) this.logger.warn(counts, message);
    else this.logger.log(counts, message);
  }
}
