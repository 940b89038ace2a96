/** What rows are given while they run, and how one is run. */
import { judge } from './verdict.mjs';

/** How long is measured, and over how much. */
const FULL = { warmUpSeconds: 4, seconds: 4, rounds: 3, sources: 1_000_000, files: 512, loopMs: 1_000 };
const QUICK = { warmUpSeconds: 1, seconds: 1, rounds: 3, sources: 20_000, files: 128, loopMs: 300 };

/** A row cannot run on this machine; the message says what is missing. */
export class LeftOut extends Error {}

/** Things that rows share and that have to be stopped in the end. */
export class Bench {
  #started = new Map();
  #closers = [];
  #closed;

  /**
   * Seconds that a load warms up and runs in each of the rounds, sources there are, files of them that have bytes, and
   * milliseconds of a round without requests. `quick`: shorter, for those rows that `--quick` runs.
   */
  constructor({ quick = false } = {}) {
    this.pace = quick ? QUICK : FULL;
  }

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
