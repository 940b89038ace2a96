import { CodedError } from '#kernel';

/** What one run is told. */
export interface RunOptions {
  /** Null for all of them. */
  readonly tenantId: string | null;
  /** Remove what belongs to nobody; otherwise it is only reported. */
  readonly apply: boolean;
  /** By the storage's clock. */
  readonly graceSeconds: number;
  readonly maxRemovals: number;
  /** See `brake`. */
  readonly maxPercent: number;
  /**
   * What to do about a tenant whose storage cannot be read, or whose view cannot be true: `false` ends the run with nothing
   * removed, `true` leaves that tenant out. For runs that nobody watches, so that one tenant's broken bucket does not keep all others' rubbish.
   */
  readonly passOver: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** How far a run has come. */
export interface Progress {
  readonly phase: 'comparing' | 'removing' | 'verifying';
  readonly tenants: number;
  readonly rows: number;
  readonly objects: number;
  readonly removed: number;
}

/** A run that is not to go on; the message says why, to an operator. */
export class RunAborted extends Error {}

/** The reason for the end of a run that some failure is. Text that a program wrote for its own kind stays out. */
export function reasonOf(error: unknown): string {
  if (error instanceof RunAborted) return error.message;
  if (!(error instanceof CodedError)) return 'an error that nothing foresaw; see the log';
  return error.kind.code === 'unavailable' ? 'the database does not answer' : error.message;
}
