/** For `parseArgs`. */
export const RECONCILE_OPTIONS = {
  tenant: { type: 'string' },
  apply: { type: 'boolean', default: false },
  verify: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  'max-removals': { type: 'string' },
  'max-percent': { type: 'string' },
} as const;

/** What was asked for. */
export interface ReconcileWish {
  readonly tenant?: string;
  readonly apply: boolean;
  readonly verify: boolean;
  readonly json: boolean;
  readonly 'max-removals'?: string;
  readonly 'max-percent'?: string;
}

/** An argument that is not one; the message says which. */
export class UsageError extends Error {}

/** The number behind an option, 0 to `most`; undefined when it was not given. */
export function numberOf(given: string | undefined, option: string, most: number): number | undefined {
  if (given === undefined) return undefined;
  const number = /^\d{1,6}$/.test(given) ? Number(given) : NaN;
  if (number <= most) return number;
  throw new UsageError(`--${option} takes a whole number from 0 to ${most}.`);
}
