import { destination, type DestinationStream } from 'pino';

/** So many bytes are written at once, without waiting for the end of the turn. */
const MOST_WAITING = 8 * 1024;

const outputs = new Set<LogOutput>();
process.on('exit', () => outputs.forEach((output) => output.flushSync()));

/**
 * Where log lines go: those of one turn of the event loop are written at its end, by one call, and so before anything else
 * is done that was not under way. A call for every line, and waking up who reads them, cost more than to make them. What a
 * process that is killed has not written is what its last turn had to say.
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
    setImmediate(() => {
      this.#isDue = false;
      this.flushSync();
    });
  }

  /** Writes what waits. pino calls it after a fatal line. */
  flushSync(): void {
    this.#lines.flushSync();
  }
}
