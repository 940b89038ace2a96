import { open, readFile, type FileHandle } from 'node:fs/promises';

import type { Entry, Line } from './entry.js';

/**
 * What the clients of a run asked for and what they were told: a file of JSON lines that is only ever appended to. A line
 * counts once it is on the disk, so that no failure of the gateway, nor of this process, can take back what was promised.
 */
export class Ledger {
  readonly #started = performance.now();
  #pending: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  private constructor(
    private readonly file: FileHandle,
    private readonly onLine: (line: Line) => void,
  ) {}

  /** Makes a new ledger; `onLine` sees every line in the order in which they are written. Fails where one is. */
  static async create(path: string, onLine: (line: Line) => void): Promise<Ledger> {
    return new Ledger(await open(path, 'ax'), onLine);
  }

  /** Reads a ledger. A last line that was cut short is left out: nobody was told that it counts. */
  static async read(path: string): Promise<Line[]> {
    const lines = (await readFile(path, 'utf8')).split('\n');
    return lines.slice(0, -1).map((line) => JSON.parse(line) as Line);
  }

  /** Milliseconds since the run began. */
  get now(): number {
    return performance.now() - this.#started;
  }

  /** Appends an entry; resolves when it is on the disk. Those that come together share one sync. */
  async append(entry: Entry): Promise<Line> {
    const line: Line = { at: this.now, ...entry };
    this.#pending.push(`${JSON.stringify(line)}\n`);
    this.onLine(line);
    this.#next ??= this.#flushAfter(this.#writing);
    await this.#next;
    return line;
  }

  async close(): Promise<void> {
    await this.#next;
    await this.#writing;
    await this.file.close();
  }

  async #flushAfter(before: Promise<void>): Promise<void> {
    await before;
    const lines = this.#pending.join('');
    this.#pending = [];
    this.#next = null;
    this.#writing = this.#write(lines);
    await this.#writing;
  }

  async #write(lines: string): Promise<void> {
    await this.file.appendFile(lines);
    await this.file.datasync();
  }
}
