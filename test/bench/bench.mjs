/** What rows are given while they run, and how the result of one is judged. */

/** A row cannot run on this machine; the message says what is missing. */
export class LeftOut extends Error {}

/** Things that rows share and that have to be stopped in the end. */
export class Bench {
  #started = new Map();
  #closers = [];
  #closed;

  /** Starts something once, and gives it to everybody who asks with the same function. */
  shared(start) {
    if (!this.#started.has(start)) this.#started.set(start, start(this));
    return this.#started.get(start);
  }

  atEnd(close) {
    this.#closers.push(close);
  }

  say(line) {
    process.stderr.write(`  ${line}\n`);
  }

  /**
   * Stops everything, what was started last first; each is tried, and the first failure is thrown afterwards. Repeated
   * calls share one stop: two at once would remove a server's folder before the server.
   */
  close() {
    return (this.#closed ??= this.#closeAll());
  }

  async #closeAll() {
    const failures = [];
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/**
 * Runs one row. Answers its line of the `--json` file, or null when it was left out. A row that fails is not ok, and
 * the others still run.
 */
export async function runRow(row, bench) {
  process.stderr.write(`${row.name} ...\n`);
  try {
    return judge(row, await row.measure(bench));
  } catch (error) {
    if (error instanceof LeftOut) {
      process.stderr.write(`LEFT OUT: ${row.name}: ${error.message}\n`);
      return null;
    }
    process.stderr.write(`FAILED: ${row.name}: ${error.stack ?? error}\n`);
    return judge(row, { value: null, floor: null });
  }
}

function judge({ name, unit, target, atMost = false, floorName }, measured) {
  const { value, floor = null } = measured;
  const { p50Ms = null, p99Ms = null, cpuUs = null, rssMib = null } = measured;
  const cost = { p50_ms: p50Ms, p99_ms: p99Ms, cpu_us: cpuUs, rss_mib: rssMib };
  const ratio = value === null || floor === null ? null : value / floor;
  const ok = value !== null && (atMost ? value < target : ratio !== null && ratio >= target);
  return { name, unit, value, floor_name: floorName, floor, ratio, target, ok, ...cost };
}
