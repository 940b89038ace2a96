import { destination, type DestinationStream } from 'pino';

/** How long a line waits for others at most, and so many characters wait for no others. Milliseconds, characters. */
const WAITS_MS = 10;
const MOST_WAITING = 32 * 1024;

const outputs = new Set<LogOutput>();
process.on('exit', () => outputs.forEach((output) => output.flushSync()));

/**
 * Where log lines go: those of a moment are written by one call. A call for every line, and waking up who reads them, cost
 * several times what it costs to make them. However the process ends, all is written, but for what the last moment had to
 * say of one that is killed.
 */
export class LogOutput implements DestinationStream {
  readonly #output: ReturnType<typeof destination>;
  #waiting = '';
  #isDue = false;

  constructor(descriptor: number) {
    this.#output = destination({ fd: descriptor, sync: true });
    outputs.add(this);
  }

  write(line: string): void {
    this.#waiting += line;
    if (this.#waiting.length >= MOST_WAITING) this.#handOn();
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      this.#handOn();
    }, WAITS_MS).unref();
  }

  /** Writes what waits, and has it put on the disk where it goes into a file. pino calls it after a fatal line. */
  flushSync(): void {
    this.#handOn();
    this.#output.flushSync();
  }

  /** The system has it from here on. To wait for a disk, a hundred times a second, is for who is about to end. */
  #handOn(): void {
    const lines = this.#waiting;
    this.#waiting = '';
    if (lines !== '') this.#output.write(lines);
  }
}
