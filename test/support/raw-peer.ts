import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection that sends what it is told, as fast or as slowly as it is told, and remembers what came back. */
export class RawPeer {
  private readonly chunks: Buffer[] = [];
  /** Resolves with everything that came back, as Latin-1 text, once the connection is closed, by whomever. */
  readonly closed: Promise<string>;

  private constructor(readonly socket: Socket) {
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve(this.received)));
  }

  /** Connects. A deaf peer reads nothing of what comes back. */
  static async open(url: string, { deaf = false } = {}): Promise<RawPeer> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    const peer = new RawPeer(socket);
    if (!deaf) socket.on('data', (chunk: Buffer) => peer.chunks.push(chunk));
    await once(socket, 'connect');
    return peer;
  }

  get received(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  /** Resolves when the bytes are in the kernel's hands, or the connection has ended. */
  async send(bytes: Buffer | string): Promise<void> {
    if (this.socket.destroyed) return;
    await new Promise<void>((resolve) => {
      this.socket.once('close', resolve);
      this.socket.write(bytes, () => {
        this.socket.off('close', resolve);
        resolve();
      });
    });
  }

  /** Sends a piece every so many milliseconds until the connection ends. */
  drip(piece: Buffer | string, everyMs: number): this {
    const timer = setInterval(() => this.socket.write(piece), everyMs);
    this.socket.once('close', () => clearInterval(timer));
    return this;
  }

  /**
   * Sends all of the bytes evenly over a time. What is due goes by the clock, so that a late timer sends more at once
   * and the rate stays. Resolves when they are sent.
   */
  trickle(bytes: Buffer, durationMs: number): Promise<void> {
    const began = performance.now();
    let sent = 0;
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        const due = Math.min(1, (performance.now() - began) / durationMs);
        const end = Math.floor(bytes.length * due);
        if (end > sent) this.socket.write(bytes.subarray(sent, end));
        sent = end;
        if (sent < bytes.length && !this.socket.destroyed) return;
        clearInterval(timer);
        resolve();
      }, 50);
    });
  }

  /** Leaves without a word: the other side sees a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}
