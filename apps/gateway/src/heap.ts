import { setFlagsFromString } from 'node:v8';

/**
 * By how many percent of what is in use the heap may grow before its old part is collected. V8 would let it grow to a
 * multiple as long as the machine has memory, most of it what requests have left behind.
 */
const GROWTH_PERCENT = 50;

/**
 * Keeps this process small. V8 reads this flag at every collection, so that it holds from now on, however the process was
 * started: a flag on the command line would have to be on that of every way to start it.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
