import type { Rate } from './rate-bucket.js';

/**
 * What operations are counted as: `content` for those whose request or answer may carry a file, `read` for others that
 * change nothing, `write` for all the rest.
 */
export const ROUTE_CLASSES = ['read', 'write', 'content'] as const;
export type RouteClass = (typeof ROUTE_CLASSES)[number];

/** How much a tenant or a token may ask of the gateway. Null: as much as it likes. */
export interface Limits extends Readonly<Record<RouteClass, Rate | null>> {
  /** Requests of the class `content` at one moment. */
  readonly concurrentTransfers: number | null;
  /** Bytes of files that the gateway sends in a day of UTC. */
  readonly egressBytesPerDay: number | null;
}

/** Where nothing is limited. */
export const UNLIMITED: Limits = {
  read: null,
  write: null,
  content: null,
  concurrentTransfers: null,
  egressBytesPerDay: null,
};

/** What a request is limited by; at least one of them limits something. */
export interface AppliedLimits {
  readonly token: Limits | null;
  readonly tenant: Limits | null;
}

/** What a token's limits and its tenant's come to; null where there are none, which is all that most requests look at. */
export function appliedLimits(token: Limits | null, tenant: Limits | null): AppliedLimits | null {
  return token === null && tenant === null ? null : { token, tenant };
}

/** Limits with some of them changed, null where none is left. */
export function changedLimits(limits: Limits | null, change: Partial<Limits> | null): Limits | null {
  if (change === null) return null;
  const changed = { ...UNLIMITED, ...limits, ...change };
  return Object.values(changed).every((limit) => limit === null) ? null : changed;
}
