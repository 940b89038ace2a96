/** What is made of a measurement. */

/** A row may fall to this part of its recorded ratio before `--quick` fails: less is what a busy machine does as well. */
export const LEAST_OF_RECORDED = 0.7;

/** The line of the `--json` file for what a row has measured; `{value: null, floor: null}` where it has failed. */
export function judge(row, measured) {
  const { name, unit, target, floorName } = row;
  const { value, floor = null } = measured;
  const { p50Ms = null, p99Ms = null, cpuUs = null, rssMib = null } = measured;
  const cost = { p50_ms: p50Ms, p99_ms: p99Ms, cpu_us: cpuUs, rss_mib: rssMib };
  const ratio = value === null || floor === null ? null : value / floor;
  const ok = isReached(row, value, ratio) && isFrugal(row, rssMib);
  return { name, unit, value, floor_name: floorName, floor, ratio, target, ok, ...cost };
}

function isReached({ target, atMost = false }, value, ratio) {
  if (value === null) return false;
  return atMost ? value < target : ratio !== null && ratio >= target;
}

function isFrugal({ mostRssMib = Infinity }, rssMib) {
  return rssMib === null || rssMib <= mostRssMib;
}

/**
 * How a row does beside its recorded ratio: `{least, ok}`. Without one it fails, since nobody would ever notice what it
 * loses; so does a row that could not be measured.
 */
export function besideRecorded({ ratio }, recorded) {
  if (recorded === undefined) return { least: null, ok: false };
  const least = recorded * LEAST_OF_RECORDED;
  return { least, ok: ratio !== null && ratio >= least };
}
