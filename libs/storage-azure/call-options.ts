/** What the SDK takes beside a call's own, for calls that may have a signal. */
export function until(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** Holds for a name that is free. */
export const IF_FREE = { ifNoneMatch: '*' } as const;
