import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<Attribution | null>();

/**
 * Who makes a change, as the triggers of the audit log read it: they write whatever is changed into the log of the
 * tenant, in the transaction that changes it.
 */
export interface Attribution {
  /** What was asked for: `token.create`. */
  readonly action?: string;
  readonly token_id?: string | null;
  readonly role: string;
  readonly request_id?: string;
  readonly address?: string;
}

/** Runs `work`, all of whose transactions are attributed to somebody, however deep. */
export function attributed<T>(attribution: Attribution, work: () => T): T {
  return current.run(attribution, work);
}

/** Runs `work`, whose transactions are nobody's, or write down themselves whose they are. */
export function unattributed<T>(work: () => T): T {
  return attributionNow() === null ? work() : current.run(null, work);
}

/** The attribution that the caller is inside of; null when there is none. */
export function attributionNow(): Attribution | null {
  return current.getStore() ?? null;
}
