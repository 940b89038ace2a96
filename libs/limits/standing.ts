/** How one limit stands, as it is told in the RateLimit headers. */
export interface Standing {
  /** Whose limit and on what, such as `tenant-read`. */
  readonly policy: string;
  readonly unit: 'requests' | 'content-bytes' | 'concurrent-requests';
  readonly quota: number;
  /** How long the quota takes to come back whole; null: it comes back as requests end. */
  readonly windowSeconds: number | null;
  readonly remaining: number;
  /** Whole seconds until more remains; null where nothing is missing, or nobody knows. */
  readonly moreInSeconds: number | null;
}

/** What came of asking. */
export interface Decision {
  /** Of every limit that was asked, in the order of the subjects. */
  readonly standings: readonly Standing[];
  /** Those that were in the way; where there are any, nothing was taken from any. */
  readonly refusedBy: readonly Standing[];
}

/** `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): what the limits are. */
export function renderPolicies(standings: readonly Standing[]): string {
  return standings
    .map(({ policy, unit, quota, windowSeconds }) => {
      const units = unit === 'requests' ? '' : `;qu="${unit}"`;
      return `"${policy}";q=${quota}${units}${windowSeconds === null ? '' : `;w=${windowSeconds}`}`;
    })
    .join(', ');
}

/** `RateLimit` (draft-ietf-httpapi-ratelimit-headers): how they stand. */
export function renderStandings(standings: readonly Standing[]): string {
  return standings
    .map(({ policy, remaining, moreInSeconds }) => {
      return `"${policy}";r=${remaining}${moreInSeconds === null ? '' : `;t=${moreInSeconds}`}`;
    })
    .join(', ');
}

/** What `Retry-After` says: the longest of the waits; a second where a wait is anybody's guess. */
export function retryAfter(refusedBy: readonly Standing[]): number {
  return Math.max(1, ...refusedBy.map(({ moreInSeconds }) => moreInSeconds ?? 1));
}
