import type { CodedError } from '#kernel';
import type { Readable } from 'node:stream';

import { type Borrower, LendingBody } from './lending-body.js';
import { unreadable } from './unreadable.js';

/**
 * Passes another stream on, and ends cleanly after exactly `lengthBytes` and never otherwise. Destroyed, it destroys the
 * stream that it passes on.
 */
export abstract class ExactBody extends LendingBody {
  #left: number;
  #wanted = false;
  #started = false;

  constructor(
    protected readonly source: Readable,
    lengthBytes: number,
  ) {
    // The source reads ahead; a second layer that did would hold one more chunk for every reader that stalls.
    super({ highWaterMark: 0 });
    this.#left = lengthBytes;
    // Before the first read too: a stream that breaks early breaks this one.
    source.on('error', (error) => this.fail(error));
    source.once('close', () => {
      if (!source.readableEnded) this.fail(unreadable());
    });
    // Nobody may have taken the body yet; without a listener its breaking would end the process.
    this.on('error', () => undefined);
  }

  override lendTo(borrower: Borrower): boolean {
    if (this.#started) return false;
    this.#started = this.lendSource({
      take: (bytes, giveBack) => {
        if (this.#count(bytes.byteLength)) borrower.take(bytes, giveBack);
      },
      end: () => {
        if (this.#isComplete()) borrower.end();
      },
    });
    return this.#started;
  }

  override _read(): void {
    this.#wanted = true;
    this.onWait();
    if (this.#started) {
      this.#pass();
      return;
    }
    this.#started = true;
    this.source.on('readable', () => this.#pass());
    this.source.once('end', () => {
      if (this.#isComplete()) this.push(null);
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.source.destroy();
    done(error);
  }

  /** `lendTo` of what is passed on; the borrower counts. */
  protected abstract lendSource(borrower: Borrower): boolean;

  /** Breaks the body. */
  protected fail(error: Error | CodedError): void {
    this.destroy(error);
  }

  /** From now on the reader waits for bytes. */
  protected onWait(): void {}

  /** Bytes have come for a reader who waits. */
  protected onBytes(): void {}

  #pass(): void {
    if (!this.#wanted) return;
    const chunk = this.source.read() as Uint8Array | null;
    if (chunk === null || !this.#count(chunk.byteLength)) return;
    this.#wanted = false;
    this.onBytes();
    this.push(chunk);
  }

  #count(bytes: number): boolean {
    this.#left -= bytes;
    if (this.#left < 0) this.fail(unreadable());
    return this.#left >= 0;
  }

  #isComplete(): boolean {
    if (this.#left !== 0) this.fail(unreadable());
    return this.#left === 0;
  }
}
