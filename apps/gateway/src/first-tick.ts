import { executionAsyncResource } from 'node:async_hooks';

/**
 * One of the objects that `process.nextTick` makes, of which a request takes half a dozen; undefined until the first tick.
 *
 * It is kept so that there is always one. Where none lives while the heap is collected, before `nextTick` has been called
 * often enough to be optimized, V8 forgets what they look like, takes the next one for one of another kind, and from then on
 * looks up the place of every field of theirs: four times the work, for as long as the process lives. Every start collects,
 * so this has to come before anything else is loaded.
 */
export let firstTick: object | undefined;

process.nextTick(() => (firstTick = executionAsyncResource()));
