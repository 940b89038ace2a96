import { OutgoingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Who takes a body chunk by chunk, in memory that is lent. */
export interface Borrower {
  /**
   * The next bytes, good until `giveBack` is called. The lender goes on while it has other memory, and waits when too
   * much of it is out: this is all the back-pressure there is.
   */
  readonly take: (bytes: Uint8Array, giveBack: () => void) => void;
  /** Everything has been taken. */
  readonly end: () => void;
}

/**
 * A body that is a stream like any other, and can also be had in memory that is used again for the next chunks. Piped
 * into an HTTP message it is: the bytes of a large download then touch no memory that was not warm before.
 */
export abstract class LendingBody extends Readable {
  /**
   * Hands the whole body to `borrower`, in place of all reading: the stream yields nothing then and does not end, but
   * breaks and is destroyed as ever. False, and nothing has happened, when there is no such way or something was read.
   */
  abstract lendTo(borrower: Borrower): boolean;

  /** Ends the destination after the last byte; like every stream, leaves it alone when the body breaks. */
  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    // Any other destination may still hold a chunk after it has called back; a message's has gone out by then.
    if (!(destination instanceof OutgoingMessage) || options?.end === false || !this.#lendInto(destination))
      return super.pipe(destination, options);
    return destination;
  }

  #lendInto(message: OutgoingMessage): boolean {
    return this.lendTo({
      take: (bytes, giveBack) => {
        // Whoever watches the message is about to destroy this body.
        if (!message.destroyed) message.write(bytes, giveBack);
      },
      end: () => {
        this.once('end', () => message.end());
        this.push(null);
        this.resume();
      },
    });
  }
}
