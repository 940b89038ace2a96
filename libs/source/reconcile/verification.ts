import { PlatformDatabase, type SessionLock } from '#database';
import { newUuid } from '#kernel';
import { Injectable, Logger } from '@nestjs/common';

import { ByteRate } from './byte-rate.js';
import { Findings, type CorruptObject } from './findings.js';
import { ObjectVerifier } from './object-verifier.js';
import { ReconcileStore } from './reconcile.store.js';
import { reasonOf, RunAborted } from './run.js';
import { VerificationStore, type VerifiedSource } from './verification.store.js';

const TENANTS_AT_ONCE = 500;
const SOURCES_AT_ONCE = 100;
/** So often the position is kept. Milliseconds. */
const KEEP_EVERY_MS = 5_000;
/** So many objects in a row that cannot be read are a storage that cannot. */
const UNREADABLE_IN_A_ROW = 5;

/** What a reading of all objects is told. */
export interface VerificationOptions {
  /** Null for all of them. */
  readonly tenantId: string | null;
  readonly bytesPerSecond: number;
  /** A round over all tenants begins so many seconds after the last one began, at the earliest. */
  readonly secondsBetween: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly objects: number; readonly bytes: number }) => void;
}

/** What a reading has come to. */
export interface VerificationReport {
  objects: number;
  bytes: number;
  /** What the round has found, this process's part and that of those before it. */
  readonly corrupt: Findings<CorruptObject>;
  /** Null when the round has come to its end, or none was due. */
  abortedBecause: string | null;
  /** Somebody else is at it. */
  isBusy: boolean;
}

/**
 * Reads every available object and compares its checksum with the one on record, as slowly as it is told. A round that was
 * cut short is gone on with where it was, by whoever comes next; what was found in it is kept with the position.
 */
@Injectable()
export class Verification {
  private readonly logger = new Logger(Verification.name);

  constructor(
    private readonly store: VerificationStore,
    private readonly rows: ReconcileStore,
    private readonly verifier: ObjectVerifier,
    private readonly platform: PlatformDatabase,
  ) {}

  /** Never rejects: what keeps a round from its end is in the report. */
  async run(options: VerificationOptions): Promise<VerificationReport> {
    const corrupt = new Findings<CorruptObject>();
    const report = { objects: 0, bytes: 0, corrupt, abortedBecause: null, isBusy: false };
    let lock: SessionLock | null = null;
    try {
      lock = await this.platform.tryLock('verify');
      if (lock === null)
        return { ...report, abortedBecause: 'another verification is under way', isBusy: true };
      const signal = AbortSignal.any([options.signal, lock.lost]);
      const pass = new Pass(this.store, this.rows, this.verifier, { ...options, signal }, report);
      await (options.tenantId === null ? pass.overAll() : pass.overOne(options.tenantId));
      return report;
    } catch (error) {
      if (options.signal.aborted) return { ...report, abortedBecause: 'the run was stopped' };
      this.logger.warn({ err: error }, 'the verification was ended');
      return { ...report, abortedBecause: reasonOf(error) };
    } finally {
      await lock?.release();
    }
  }
}

class Pass {
  readonly #rate: ByteRate;
  #unreadableInARow = 0;

  constructor(
    private readonly store: VerificationStore,
    private readonly rows: ReconcileStore,
    private readonly verifier: ObjectVerifier,
    private readonly options: VerificationOptions,
    private readonly report: VerificationReport,
  ) {
    this.#rate = new ByteRate(options.bytesPerSecond);
  }

  async overAll(): Promise<void> {
    const roundId = await this.store.ensureRound(this.options.secondsBetween);
    if (roundId === null) return;
    for (let after = ''; ;) {
      const ids = await this.rows.listTenantIds(after, TENANTS_AT_ONCE);
      for (const id of ids) await this.#tenant(id, roundId);
      const last = ids.at(-1);
      if (last === undefined) break;
      after = last;
    }
    await this.store.finishRound(roundId);
  }

  async overOne(tenantId: string): Promise<void> {
    await this.#tenant(tenantId, (await this.store.findTenantRound(tenantId)) ?? newUuid());
  }

  async #tenant(tenantId: string, roundId: string): Promise<void> {
    const position = await this.store.findPosition(tenantId, roundId);
    for (const found of position?.corrupt ?? [])
      // Replaced or deleted since: of the past.
      if ((await this.rows.findRow(tenantId, found.objectKey)) !== null) this.report.corrupt.add(found);
    if (position?.finished === true) return;
    let after = position?.afterSourceId ?? null;
    for (;;) {
      const sources = await this.store.listSources(tenantId, after, SOURCES_AT_ONCE);
      const last = sources.at(-1);
      if (last === undefined) break;
      await this.#sources(tenantId, roundId, sources);
      after = last.sourceId;
    }
    await this.store.advance(tenantId, roundId, { afterSourceId: null, finished: true, corrupt: [] });
  }

  /** Reads some sources; the position is kept on the way, and whatever happens, so that nothing that was found is lost. */
  async #sources(tenantId: string, roundId: string, sources: readonly VerifiedSource[]): Promise<void> {
    let corrupt: CorruptObject[] = [];
    let afterSourceId: string | null = null;
    const keep = async (): Promise<void> => {
      if (afterSourceId === null) return;
      await this.store.advance(tenantId, roundId, { afterSourceId, finished: false, corrupt });
      corrupt = [];
    };
    let keptAt = performance.now();
    try {
      for (const source of sources) {
        const found = await this.#verify(tenantId, source);
        if (found !== null) corrupt.push(found);
        afterSourceId = source.sourceId;
        if (performance.now() - keptAt < KEEP_EVERY_MS) continue;
        await keep();
        keptAt = performance.now();
      }
    } finally {
      await keep();
    }
  }

  async #verify(tenantId: string, source: VerifiedSource): Promise<CorruptObject | null> {
    const { signal, onProgress } = this.options;
    signal.throwIfAborted();
    const read = (bytes: number): void => {
      this.report.bytes += bytes;
      onProgress(this.report);
    };
    const reason = await this.verifier.verify(tenantId, source, this.#rate, read, signal);
    this.report.objects += 1;
    this.#unreadableInARow = reason === 'unreadable' ? this.#unreadableInARow + 1 : 0;
    if (this.#unreadableInARow === UNREADABLE_IN_A_ROW)
      throw new RunAborted(`tenant ${tenantId}: one object after the other cannot be read`);
    if (reason === null || (await this.rows.findRow(tenantId, source.objectKey)) === null) return null;
    const { subTenantId, sourceId, bindingId, objectKey } = source;
    const found = { tenantId, subTenantId, sourceId, bindingId, objectKey, reason };
    this.report.corrupt.add(found);
    return found;
  }
}
