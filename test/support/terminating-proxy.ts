import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** The end of what a server says when a session has begun (PostgreSQL's protocol: ReadyForQuery, idle). */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
/** ErrorResponse: a session that an administrator ended. */
const FIELDS = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0';
const TERMINATED = Buffer.concat([
  Buffer.from([0x45, 0, 0, 0, 4 + FIELDS.length]),
  Buffer.from(FIELDS, 'latin1'),
]);

/** A way to a PostgreSQL on which new sessions can be ended in the very moment in which they have begun. */
export class TerminatingProxy {
  readonly #sockets = new Set<Socket>();
  #left = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {}

  static async open(target: number): Promise<TerminatingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TerminatingProxy(server, target);
    server.on('connection', (socket) => proxy.#join(socket));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many sessions are still to be ended. */
  get left(): number {
    return this.#left;
  }

  /** Cuts every session, and ends the next so many of those that begin: beginning and end arrive in one piece. */
  terminate(count: number): void {
    this.#left = count;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.server, 'close');
  }

  #join(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    let isNew = true;
    near.on('data', (piece: Buffer) => far.write(piece));
    far.on('data', (piece: Buffer) => {
      const begins = isNew && piece.subarray(-READY.length).equals(READY);
      if (!begins) return void near.write(piece);
      isNew = false;
      if (this.#left === 0) return void near.write(piece);
      this.#left -= 1;
      near.end(Buffer.concat([piece, TERMINATED]));
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
