import { CodedError } from '#kernel';

import { StorageErrors } from './storage.errors.js';

/** Faults in a row, without a success between, after which a storage is left alone. */
const FAULTS = 5;
/** How long it is left alone at first; twice that after each trial that fails, up to the longest. Milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 4_000;
/** A storage that asks for more patience gets it, up to here: one that is well again is to be used soon. Milliseconds. */
const LONGEST_ASKED_MS = 8_000;
/** A trial that hangs keeps the others away for so long. Milliseconds. */
const TRIAL_MS = 5_000;

/**
 * What a call was to its storage: `success` when the storage did what it should, which to say that something is not there
 * is too; `fault` when it was unavailable or too late; `neutral` when the call tells nothing of the storage, because its
 * caller gave up for example.
 */
export type CallOutcome = 'success' | 'fault' | 'neutral';

/** A call that was let through; `end` it once. */
export interface AdmittedCall {
  /** `askedSeconds`: how long the storage wants to be left alone, if it said so. */
  end(outcome: CallOutcome, askedSeconds?: number): void;
}

/**
 * Keeps callers from a storage that does nothing but fail: they fail at once instead of waiting, and it gets the rest that
 * it may need. Closed, it lets every call through. After five faults in a row it opens, and lets one call through from
 * time to time; the first success, of whichever call, closes it. A storage that is well again is used within ten seconds,
 * as soon as anybody asks.
 */
export class CircuitBreaker {
  #faults = 0;
  #pauseMs = 0;
  /** Null while closed. */
  #openUntil: number | null = null;
  #trial: AdmittedCall | null = null;
  #trialUntil = -Infinity;

  /** `now`: milliseconds of a clock that never goes back. `random`: 0 to 1, so that gateways do not come back together. */
  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly random: () => number = Math.random,
  ) {}

  get isOpen(): boolean {
    return this.#openUntil !== null;
  }

  /** Admits a call. Throws `storage_unavailable`, with the time until the next trial, while the storage is left alone. */
  enter(): AdmittedCall {
    const call: AdmittedCall = {
      end: (outcome, askedSeconds = 0) => {
        const isTrial = this.#trial === call;
        if (outcome === 'success') this.#close();
        else if (outcome === 'fault') this.#fault(isTrial, askedSeconds * 1_000);
        else if (isTrial) this.#endTrial();
      },
    };
    if (this.#openUntil !== null) this.#beginTrial(call, this.#openUntil);
    return call;
  }

  /** What a call has left open has failed later. */
  broke(outcome: CallOutcome): void {
    if (outcome === 'fault') this.#fault(false, 0);
  }

  #beginTrial(call: AdmittedCall, openUntil: number): void {
    const now = this.now();
    const until = Math.max(openUntil, this.#trialUntil);
    if (until > now) throw leftAlone(until - now);
    this.#trialUntil = now + TRIAL_MS;
    this.#trial = call;
  }

  #endTrial(): void {
    this.#trial = null;
    this.#trialUntil = -Infinity;
  }

  #close(): void {
    this.#faults = 0;
    this.#pauseMs = 0;
    this.#openUntil = null;
    this.#endTrial();
  }

  #fault(isTrial: boolean, askedMs: number): void {
    this.#faults += 1;
    // A call from before it opened tells nothing new, nor does a trial that has been followed by another.
    if (this.#openUntil === null ? this.#faults < FAULTS : !isTrial) return;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2));
    const pauseMs = this.#pauseMs * (1 - this.random() / 4);
    this.#openUntil = this.now() + Math.max(pauseMs, Math.min(askedMs, LONGEST_ASKED_MS));
    this.#endTrial();
  }
}

function leftAlone(milliseconds: number): CodedError {
  return new CodedError(
    StorageErrors.unavailable,
    'The storage has failed repeatedly and is left alone for a moment.',
    { retryAfterSeconds: Math.max(1, Math.ceil(milliseconds / 1_000)) },
  );
}
