import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

import { abortFailure } from './abort.js';
import { ExactBody } from './exact-body.js';
import type { Borrower } from './lending-body.js';
import { SocketLender } from './socket-lender.js';
import { TappedConnection } from './tapped-connection.js';

/** Below, a connection that can be used again is worth more than what is saved by reading past its client. */
const LEAST_BYTES = 4 * 1024 * 1024;

/** A body that came over a network, held to the length that was announced, and broken by the signal. */
export class AnsweredStream extends ExactBody {
  constructor(
    source: Readable,
    private readonly lengthBytes: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    super(source, lengthBytes);
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.signal?.removeEventListener('abort', this.#onAbort);
    super._destroy(error, done);
  }

  /**
   * From the connection itself, past its HTTP client, where the rest of the answer is plain bytes. The connection is not
   * used again.
   */
  protected override lendSource(borrower: Borrower): boolean {
    const connection = this.#plainConnection();
    if (connection === undefined) return false;
    const lender = new SocketLender(connection, this.lengthBytes, borrower);
    // What its client has been given so far. Nothing comes in between: it reads no more from here on.
    const read = this.source.read() as Uint8Array | null;
    lender.start(read);
    return true;
  }

  #plainConnection(): TappedConnection | undefined {
    const { source } = this;
    if (this.lengthBytes < LEAST_BYTES || !(source instanceof IncomingMessage)) return undefined;
    if (source.complete || source.destroyed) return undefined;
    const { 'content-length': length, 'transfer-encoding': coding } = source.headers;
    if (coding !== undefined || length !== String(this.lengthBytes)) return undefined;
    return TappedConnection.of(source.socket);
  }

  readonly #onAbort = (): void => {
    if (this.signal !== undefined) this.destroy(abortFailure(this.signal));
  };
}
