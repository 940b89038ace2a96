import type { UploadBody } from './upload-body.js';

/** Cuts the chunks of an upload into parts of one size. */
export class PartReader {
  #rest: Uint8Array | null = null;
  #ended = false;

  constructor(private readonly body: UploadBody) {}

  /** True once everything has been read; what was declared has come true then. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Fills the buffer as far as there are bytes, and answers how many there were. */
  async fill(buffer: Buffer): Promise<number> {
    let filled = 0;
    while (filled < buffer.length) {
      const chunk = this.#rest ?? (await this.body.next());
      if (chunk === null) {
        this.#ended = true;
        break;
      }
      const taken = Math.min(chunk.byteLength, buffer.length - filled);
      buffer.set(chunk.subarray(0, taken), filled);
      filled += taken;
      this.#rest = taken < chunk.byteLength ? chunk.subarray(taken) : null;
    }
    if (filled === buffer.length && this.#rest === null && !this.#ended) await this.#look();
    return filled;
  }

  /** Reads on to the next chunk, so that a body which ends with a full buffer is known to have ended. */
  async #look(): Promise<void> {
    for (;;) {
      const chunk = await this.body.next();
      if (chunk === null) this.#ended = true;
      else if (chunk.byteLength === 0) continue;
      else this.#rest = chunk;
      return;
    }
  }
}
