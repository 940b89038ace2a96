/** How long the cleaning up after a failure may take, since the call's own signal may have fired. Milliseconds. */
const CLEAN_UP_MS = 10_000;

/** Does what is good to do and no longer anybody's wish. Never fails: what stays behind is the sweep's to remove. */
export async function cleanUp(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  await work(AbortSignal.timeout(CLEAN_UP_MS)).catch(() => undefined);
}
