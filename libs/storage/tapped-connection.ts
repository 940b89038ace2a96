import type { OnReadOpts, Socket } from 'node:net';

/** What takes the bytes of a connection in place of the HTTP client. */
export interface Tap {
  /** Memory for the next bytes, at least {@link READ_BYTES}; null when what still comes is of no use. */
  memory(): Buffer | null;
  /**
   * So many bytes have come, at the beginning of the memory that was asked for last. False: read no more until the
   * connection is resumed; what a TLS connection has decrypted already comes all the same.
   */
  take(bytes: number): boolean;
}

/** What is read at once for HTTP clients, who get a copy: one piece of memory for all connections. */
export const READ_BYTES = 64 * 1024;
const SHARED = Buffer.allocUnsafeSlow(READ_BYTES);

const connections = new WeakMap<Socket, TappedConnection>();

/**
 * A connection whose bytes may be led past the HTTP client. Its parser copies every piece of a body into new memory,
 * which for large bodies is half of what a download costs.
 */
export class TappedConnection {
  #socket: Socket | null = null;
  #tap: Tap | null = null;

  /** For `net.connect` and `tls.connect`. */
  readonly onRead: OnReadOpts = {
    buffer: () => this.#tap?.memory() ?? SHARED,
    callback: (bytes, memory) => this.#read(bytes, memory as Buffer),
  };

  /** The one behind a socket; undefined when that was not made with {@link onRead}. */
  static of(socket: Socket): TappedConnection | undefined {
    return connections.get(socket);
  }

  /** Tells which socket was made with {@link onRead}; before anything can be read from it. */
  belongsTo(socket: Socket): void {
    this.#socket = socket;
    connections.set(socket, this);
  }

  /**
   * From here on all bytes go to `tap`, until the connection ends: it cannot go back to its HTTP client, which is to
   * destroy it in the end, nor to a pool.
   */
  lead(tap: Tap): void {
    this.#tap = tap;
    // The client may have stopped it.
    this.resume();
  }

  /** Reads on after the tap has stopped it. */
  resume(): void {
    this.#socket?.resume();
  }

  #read(bytes: number, memory: Buffer): boolean {
    if (this.#tap === null) {
      this.#socket?.emit('data', Buffer.from(memory.subarray(0, bytes)));
      return true;
    }
    if (memory !== SHARED) return this.#tap.take(bytes);
    // Chosen before the tap was there, or after it was done.
    const own = this.#tap.memory();
    if (own === null) return false;
    memory.copy(own, 0, 0, bytes);
    return this.#tap.take(bytes);
  }
}
