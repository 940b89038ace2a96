import fs from 'node:fs';
import { destination, type DestinationStream } from 'pino';

/** How long a line waits for others at most. */
const WAITS_MS = 10;
/** So much waits for no others. */
const MOST_BYTES = 32 * 1024;
const ROOM_BYTES = 96 * 1024;
/** What a UTF-16 code unit takes in UTF-8 at most. */
const BYTES_OF_A_UNIT = 3;

/** A destination of the content mode `buffer`, which its types do not know. */
interface ByteOutput {
  write(lines: Buffer): unknown;
  flushSync(): void;
}

const outputs = new Set<LogOutput>();
process.on('exit', () => outputs.forEach((output) => output.flushSync()));

/**
 * Where log lines go: those of a moment are written by one call. A call for every line, and waking up who reads them, cost
 * several times what it costs to make them. They wait as bytes: as texts they would be what the next collection of the heap
 * finds most of. However the process ends, all is written, but for what the last moment had to say of one that is killed.
 */
export class LogOutput implements DestinationStream {
  readonly #output: ByteOutput;
  #lines = Buffer.allocUnsafeSlow(ROOM_BYTES);
  #length = 0;
  #isDue = false;

  constructor(private readonly descriptor: number) {
    this.#output = destination({
      fd: descriptor,
      sync: true,
      contentMode: 'buffer',
    }) as unknown as ByteOutput;
    outputs.add(this);
  }

  write(line: string): void {
    const mostBytes = line.length * BYTES_OF_A_UNIT;
    if (mostBytes > ROOM_BYTES - this.#length) this.#handOn();
    if (mostBytes > ROOM_BYTES) this.#output.write(Buffer.from(line));
    else this.#length += this.#lines.write(line, this.#length);
    if (this.#length >= MOST_BYTES) this.#handOn();
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
    try {
      fs.fsyncSync(this.descriptor);
    } catch {
      // A pipe or a terminal, which has nothing to wait for.
    }
  }

  /** The system has it from here on. To wait for a disk, a hundred times a second, is for who is about to end. */
  #handOn(): void {
    if (this.#length === 0) return;
    const lines = this.#lines.subarray(0, this.#length);
    this.#length = 0;
    try {
      this.#output.write(lines);
    } catch (error) {
      // They wait in the output, to be written at the end.
      this.#lines = Buffer.allocUnsafeSlow(ROOM_BYTES);
      throw error;
    }
  }
}
