import type { UploadedPart } from './multipart-uploads.port.js';
import type { PartBuffers } from './part-buffers.js';
import type { PartReader } from './part-reader.js';

/** Parts of one upload that are sent at once, if there are buffers for them. */
const PARALLEL = 4;

/** One put that is sent in parts: reads the next parts while earlier ones are on their way. */
export class MultipartPut {
  readonly #cancel = new AbortController();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #parts: UploadedPart[] = [];
  readonly #idle: Buffer[] = [];
  #extra = 0;

  /** `sendPart` stores one part; a buffer is its own until that has ended. */
  constructor(
    private readonly sendPart: (
      partNumber: number,
      bytes: Buffer,
      signal: AbortSignal,
    ) => Promise<UploadedPart>,
    private readonly buffers: PartBuffers,
  ) {}

  /** Sends everything that `reader` has, `first` (with `filled` bytes in it) before the rest; parts in order. */
  async send(reader: PartReader, first: Buffer, filled: number): Promise<UploadedPart[]> {
    try {
      for (let buffer = first, length = filled, number = 1; ; number += 1) {
        this.#start(buffer, length, number);
        if (reader.ended) break;
        buffer = await this.#nextBuffer();
        length = await this.#fill(reader, buffer);
      }
      while (this.#inFlight.size > 0) await Promise.race(this.#inFlight);
      return this.#parts.sort((one, other) => one.partNumber - other.partNumber);
    } catch (error) {
      this.#cancel.abort(error);
      await Promise.allSettled(this.#inFlight);
      throw error;
    } finally {
      for (; this.#extra > 0; this.#extra -= 1) this.buffers.endExtra();
      for (const buffer of this.#idle) this.buffers.giveBack(buffer);
    }
  }

  #start(buffer: Buffer, length: number, partNumber: number): void {
    const sending = this.sendPart(partNumber, buffer.subarray(0, length), this.#cancel.signal)
      .then((part) => void this.#parts.push(part))
      .finally(() => {
        this.#inFlight.delete(sending);
        this.#release(buffer);
      });
    // Seen by whoever waits next; nobody may be waiting yet.
    sending.catch(() => undefined);
    this.#inFlight.add(sending);
  }

  /**
   * Filling fails early when a part on its way has failed: the client need not send the rest. The buffer is then not
   * given back, since the reading that lost the race may still write into it.
   */
  async #fill(reader: PartReader, buffer: Buffer): Promise<number> {
    if (this.#inFlight.size === 0) return await reader.fill(buffer);
    const failed = Promise.race([...this.#inFlight].map((sending) => sending.then(never)));
    return await Promise.race([reader.fill(buffer), failed]);
  }

  async #nextBuffer(): Promise<Buffer> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle !== undefined) return idle;
      const extra = this.#inFlight.size < PARALLEL ? this.buffers.tryExtra() : null;
      if (extra !== null) {
        this.#extra += 1;
        return extra;
      }
      await Promise.race(this.#inFlight);
    }
  }

  #release(buffer: Buffer): void {
    if (this.#extra === 0) {
      this.#idle.push(buffer);
      return;
    }
    this.#extra -= 1;
    this.buffers.endExtra();
    this.buffers.giveBack(buffer);
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
