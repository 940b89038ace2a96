import type { Result } from '../ledger/entry.js';
import { jsonOf, type Answer } from '../wire/call.js';

/** One try of a request. */
export interface Attempt {
  /** Null: there was no complete answer. */
  readonly answer: Answer | null;
  /** False: no byte of it can have reached a gateway. */
  readonly sent: boolean;
  readonly reason: string;
  /** Which gateway it was sent to, and how long it took in milliseconds. */
  readonly gateway: string;
  readonly tookMs: number;
}

/** What is known of a change after all its tries. */
export interface Verdict {
  readonly result: Result;
  /** False: a try of it may still take effect. */
  readonly closed: boolean;
}

/** It may still happen, or have happened. */
export const OPEN: Verdict = { result: 'unknown', closed: false };
export const DONE: Verdict = { result: 'ok', closed: true };
export const NEVER: Verdict = { result: 'refused', closed: true };
/** It has happened, or it never will. */
export const OVER: Verdict = { result: 'unknown', closed: true };

/** Failures of the storage are found out before anything is committed. */
const BEFORE_COMMIT = new Set(['storage_unavailable', 'storage_timeout', 'insufficient_storage']);

/** What a try alone says. Null for one that reached nobody. */
export function resultOf({ answer, sent }: Attempt): Result | null {
  if (answer === null) return sent ? 'unknown' : null;
  if (answer.status < 400) return 'ok';
  if (answer.status < 500 || answer.status === 507 || BEFORE_COMMIT.has(codeOf(answer) ?? ''))
    return 'refused';
  return 'unknown';
}

/** What the tries say together; `guarded` ones take effect once at most, so that none is open behind a good answer. */
export function verdictOf(attempts: readonly Attempt[], guarded: boolean): Verdict {
  const results = attempts.map(resultOf).filter((result) => result !== null);
  const uncertain = results.includes('unknown');
  if (results.includes('ok')) return { result: 'ok', closed: guarded || !uncertain };
  // A refusal may be what an earlier try, of which nothing was heard, has brought about.
  return uncertain ? { result: 'unknown', closed: false } : { result: 'refused', closed: true };
}

/** The stable code of an error. */
export function codeOf(answer: Answer): string | null {
  const code = answer.status < 400 ? null : jsonOf(answer)?.['code'];
  return typeof code === 'string' ? code : null;
}

/** An attempt in a few words, for whoever looks for the cause of a failure. */
export function describeAttempt(attempt: Attempt): string {
  const { answer, sent, reason, gateway, tookMs } = attempt;
  const what =
    answer === null
      ? `${reason}${sent ? '' : ', not sent'}`
      : `${answer.status} ${codeOf(answer) ?? ''}`.trimEnd();
  return `${gateway}: ${what}, after ${tookMs.toFixed(0)} ms`;
}
