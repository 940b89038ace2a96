import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * By how many percent of what is in use the heap may grow before its old part is collected. V8 would let it grow to a
 * multiple as long as the machine has memory, most of it what requests have left behind.
 */
const USUAL_GROWTH_PERCENT = 34;
/** While large bodies are on their way: their chunks count as well, and with less they are little else than collections. */
const STREAMING_GROWTH_PERCENT = 80;

/**
 * Keeps this process small. V8 reads this flag at every collection, so that it holds from now on, however the process was
 * started: a flag on the command line would have to be on that of every way to start it.
 */
export function keepHeapSmall(): void {
  letGrowBy(USUAL_GROWTH_PERCENT);
}

function letGrowBy(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}

let largeBodies = 0;

/** A large body is on its way, until the function that comes back is called. */
export function beginLargeBody(): () => void {
  largeBodies += 1;
  if (largeBodies === 1) letGrowBy(STREAMING_GROWTH_PERCENT);
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    largeBodies -= 1;
    if (largeBodies === 0) letGrowBy(USUAL_GROWTH_PERCENT);
  };
}

/**
 * Collects what the start has left behind. How far the heap may grow is decided by what lives at a collection, and the last
 * one before the first request is now at the height of the start and now behind it: some 30 MiB of difference for as long as
 * the process is not busy. Takes some 50 ms.
 */
export function collectOnce(): void {
  // Node.js has it as a global of contexts that are made while the flag is set, and of no others.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  collect();
}
