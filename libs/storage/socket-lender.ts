import type { Borrower } from './lending-body.js';
import { type Loan, LentMemory } from './lent-memory.js';
import type { Tap, TappedConnection } from './tapped-connection.js';

/** Shared by all bodies. */
const MEMORY = new LentMemory(128 * 1024, 64);

/** Buffers of one body that its borrower may have; one more is with the connection. */
const MOST_OUT = 3;

/** Lends the rest of an answer's body, as it comes over its connection. */
export class SocketLender implements Tap {
  #left: number;
  #next: Loan | null = null;
  #out = 0;
  #stopped = false;

  constructor(
    private readonly connection: TappedConnection,
    lengthBytes: number,
    private readonly borrower: Borrower,
  ) {
    this.#left = lengthBytes;
  }

  /** `first`: what was read of the body before, which goes first. */
  start(first: Uint8Array | null): void {
    this.connection.lead(this);
    if (first !== null) this.#lend(first, () => undefined);
  }

  memory(): Buffer | null {
    this.#next = this.#left > 0 ? MEMORY.lend() : null;
    return this.#next?.buffer ?? null;
  }

  take(bytes: number): boolean {
    const loan = this.#next;
    if (loan === null) return false;
    this.#out += 1;
    this.#lend(loan.buffer.subarray(0, bytes), () => {
      loan.giveBack();
      this.#out -= 1;
      this.#readOn();
    });
    this.#stopped = this.#out >= MOST_OUT;
    return this.#left > 0 && !this.#stopped;
  }

  /** What a server sends beyond the length that it announced is not of this body. */
  #lend(bytes: Uint8Array, giveBack: () => void): void {
    const lent = bytes.subarray(0, this.#left);
    this.#left -= lent.byteLength;
    this.borrower.take(lent, giveBack);
    if (this.#left === 0) this.borrower.end();
  }

  #readOn(): void {
    if (!this.#stopped || this.#out >= MOST_OUT) return;
    this.#stopped = false;
    this.connection.resume();
  }
}
