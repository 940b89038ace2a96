/** Where drivers put the small objects by which they try a storage out, below the prefix of its binding. */
export const PROBE_FOLDER = 'gatehold-probe/';

/** Longer than trying a storage out takes. Milliseconds. */
const ABANDONED_MS = 30_000;

/** A small object, as a list shows it. */
export interface Probe {
  readonly name: string | undefined;
  readonly modifiedAt: Date | undefined;
}

/**
 * Those of the probes that were left by processes which died in the midst of trying the storage out: they are much older
 * than the `own` one, which has just been put there, so that the storage's clock alone decides. None when that is not
 * among them.
 */
export function abandonedProbes(probes: readonly Probe[], own: string): string[] {
  const now = probes.find(({ name }) => name === own)?.modifiedAt;
  if (now === undefined) return [];
  return probes.flatMap(({ name, modifiedAt }) =>
    name !== undefined && modifiedAt !== undefined && now.getTime() - modifiedAt.getTime() > ABANDONED_MS
      ? [name]
      : [],
  );
}
