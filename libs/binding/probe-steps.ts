import { CodedError } from '#kernel';

import { plainReason } from './plain-reason.js';

/** What a probe does, in this order. */
export const PROBE_STEPS = [
  'open',
  'write',
  'read',
  'range',
  'checksum',
  'presign',
  'fetch',
  'delete',
] as const;
export type ProbeStepName = (typeof PROBE_STEPS)[number];

/** What became of one step. */
export interface ProbeStep {
  readonly step: ProbeStepName;
  /** Null: not tried, because an earlier step failed or the storage cannot do it. */
  readonly ok: boolean | null;
  /** Whole milliseconds; for steps that were tried. */
  readonly ms?: number;
  /** Why it failed, in words that name no key, bucket or host. */
  readonly reason?: string;
}

/** A probe that failed, for the OpenAPI document. */
export const EXAMPLE_STEPS: readonly ProbeStep[] = [
  { step: 'open', ok: true, ms: 14 },
  { step: 'write', ok: false, ms: 9, reason: 'The storage takes no more.' },
  ...(['read', 'range', 'checksum', 'presign', 'fetch'] as const).map((step) => ({ step, ok: null })),
  { step: 'delete', ok: true, ms: 6 },
];

/** Takes the steps of one probe and remembers what became of them. After a failure no other step is tried. */
export class ProbeReport {
  readonly #taken = new Map<ProbeStepName, ProbeStep>();
  #failure: unknown = null;

  /** What failed, or null. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Every step, those that were not tried too. */
  get steps(): ProbeStep[] {
    return PROBE_STEPS.map((step) => this.#taken.get(step) ?? { step, ok: null });
  }

  /** Takes a step unless one has failed before; `limit` ends it. Answers null when it was not taken or failed. */
  async take<T>(step: ProbeStepName, limit: AbortSignal, work: () => Promise<T>): Promise<T | null> {
    return this.#failure === null ? await this.insist(step, limit, work) : null;
  }

  /** Takes a step whatever happened before; the first failure stays the one that is reported. */
  async insist<T>(step: ProbeStepName, limit: AbortSignal, work: () => Promise<T>): Promise<T | null> {
    const begun = performance.now();
    const ms = (): number => Math.round(performance.now() - begun);
    try {
      const result = await endsWith(limit, work());
      this.#taken.set(step, { step, ok: true, ms: ms() });
      return result;
    } catch (error) {
      this.#failure ??= error;
      this.#taken.set(step, { step, ok: false, ms: ms(), reason: plainReason(error) });
      return null;
    }
  }
}

const TOO_LONG = { code: 'probe_too_long', status: 422, title: 'The storage is too slow' } as const;

/** Settles as `work` does, or fails when the signal fires first; `work` then goes on unheard. */
function endsWith<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new CodedError(TOO_LONG, 'It took too long.'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
