/** How contestants are measured beside each other. */

/**
 * Lets every contestant measure itself once per round, in turn, so that a machine that gets slower or faster meanwhile
 * does so for all of them, and answers one figure of each: the median of its rounds. A contestant returns a number or a
 * promise of one.
 */
export async function interleave(contestants, { rounds = 3, onRound = () => undefined } = {}) {
  const figures = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, measure] of Object.entries(contestants)) figures[name].push(await measure());
    await onRound(round, figures);
  }
  return Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, median(values)]));
}

/** Of an odd number of figures. */
export function median(values) {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
}

/**
 * For work of several processes, which whatever else runs on the machine disturbs for seconds at a time: measures value
 * and floor one right after the other, each of them first in every other round, and answers both as they were in the
 * round whose ratio is the median. A first round warms up and does not count.
 */
export async function inPairs({ value, floor }, { rounds = 5, onRound = () => undefined } = {}) {
  const pairs = [];
  for (let round = 0; round <= rounds; round += 1) {
    const pair = {};
    const order = Object.entries({ value, floor });
    if (round % 2 === 1) order.reverse();
    for (const [name, measure] of order) pair[name] = await measure();
    await onRound(round, pair);
    if (round > 0) pairs.push(pair);
  }
  const ratios = pairs.map((pair) => pair.value / pair.floor);
  return pairs[ratios.indexOf(median(ratios))];
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
