/** How contestants are measured beside each other. */

/**
 * Lets every contestant measure itself once per round, in turn, so that a machine that gets slower or faster meanwhile
 * does so for all of them, and answers one figure of each: the one that `of` takes from its rounds. A contestant returns
 * a number or a promise of one.
 */
export async function interleave(contestants, { rounds = 3, of = median, onRound = () => undefined } = {}) {
  const figures = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, measure] of Object.entries(contestants)) figures[name].push(await measure());
    await onRound(round, figures);
  }
  return Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, of(values)]));
}

/** For work on one thread, of an odd number of rounds. */
export function median(values) {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}

/**
 * For work of several processes, which strangers on the machine slow down the more, the more processes it has: the round
 * that was disturbed least, of either side.
 */
export function best(values) {
  return Math.max(...values);
}

/** Runs `once` in batches for at least `leastMs` milliseconds and answers how many went through per second. */
export async function perSecond(once, { batch, leastMs = 1_000 }) {
  const began = performance.now();
  let done = 0;
  let elapsedMs = 0;
  while (elapsedMs < leastMs) {
    // Awaiting what is no promise costs a turn of the queue, which would be most of a URL's price.
    for (let last = done + batch; done < last; done += 1) {
      const pending = once(done);
      if (pending instanceof Promise) await pending;
    }
    elapsedMs = performance.now() - began;
  }
  return (done * 1_000) / elapsedMs;
}
