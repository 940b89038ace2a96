import { destination, type DestinationStream } from 'pino';

/** How long a line waits for others at most, and so many bytes wait for no others. Milliseconds, bytes. */
const WAITS_MS = 10;
const MOST_WAITING = 8 * 1024;

const outputs = new Set<LogOutput>();
process.on('exit', () => outputs.forEach((output) => output.flushSync()));

/**
 * Where log lines go: those of a moment are written by one call. A call for every line, and waking up who reads them, cost
 * several times what it costs to make them. However the process ends, all is written, but for what the last moment had to
 * say of one that is killed.
 */
export class LogOutput implements DestinationStream {
  readonly #lines: ReturnType<typeof destination>;
  #isDue = false;

  constructor(descriptor: number) {
    this.#lines = destination({ fd: descriptor, sync: true, minLength: MOST_WAITING });
    outputs.add(this);
  }

  write(line: string): void {
    this.#lines.write(line);
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => {
      this.#isDue = false;
      this.flushSync();
    }, WAITS_MS).unref();
  }

  /** Writes what waits. pino calls it after a fatal line. */
  flushSync(): void {
    this.#lines.flushSync();
  }
}
