import { Ambient } from './ambient.js';

const current = new Ambient<Attribution | null>();

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

/** Runs `work`, all of whose transactions are attributed to somebody, however deep, until it settles. */
export function attributed<T>(attribution: Attribution, work: () => Promise<T>): Promise<T> {
  return current.within(attribution, work);
}

/**
 * Begins work that is attributed to somebody, of which nobody can tell when it has settled: it goes on until the function
 * that comes back is called.
 */
export function beginAttributed(attribution: Attribution, begin: () => void): () => void {
  const end = current.begin();
  current.nested(attribution, begin);
  return end;
}

/** Runs `work`, whose transactions are nobody's, or write down themselves whose they are. */
export function unattributed<T>(work: () => T): T {
  return attributionNow() === null ? work() : current.nested(null, work);
}

/** The attribution that the caller is inside of; null when there is none. */
export function attributionNow(): Attribution | null {
  return current.now() ?? null;
}
