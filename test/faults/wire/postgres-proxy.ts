import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { BackendMessages } from './backend-messages.js';

/** The way of one gateway to PostgreSQL. Its port stays while the server's changes. */
export class PostgresProxy {
  /**
   * Asked whenever the server has said that a transaction which changed rows is committed: true loses that answer and
   * the connection with it.
   */
  losesCommit: () => boolean = () => false;
  /** Called with every piece that comes from the server. */
  onAnswer: () => void = () => undefined;
  #target: number | null = null;
  #silent = false;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** Listens on the loopback interface and leads nowhere yet. */
  static async open(): Promise<PostgresProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new PostgresProxy(server);
    server.on('connection', (socket) => proxy.#join(socket));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The server's port from now on; null: connections are cut. */
  leadTo(target: number | null): void {
    this.#target = target;
    if (target === null) this.cut();
  }

  /** Cuts the connections that there are. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** While silent, nothing passes in either direction, and nobody is told. */
  silence(silent: boolean): void {
    this.#silent = silent;
    for (const socket of this.#sockets) {
      if (silent) socket.pause();
      else socket.resume();
    }
  }

  async close(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, 'close');
  }

  #join(near: Socket): void {
    near.on('error', () => undefined);
    if (this.#target === null) {
      near.destroy();
      return;
    }
    const far = connect(this.#target, '127.0.0.1');
    const messages = new BackendMessages();
    this.#follow(near, far, () => true);
    this.#follow(far, near, (piece) => {
      this.onAnswer();
      return !(messages.push(piece) && this.losesCommit());
    });
  }

  #follow(one: Socket, other: Socket, passes: (piece: Buffer) => boolean): void {
    this.#sockets.add(one);
    one.on('error', () => undefined);
    one.on('data', (piece: Buffer) => {
      if (!passes(piece)) {
        one.destroy();
        return;
      }
      if (!other.write(piece)) one.pause();
    });
    other.on('drain', () => {
      if (!this.#silent) one.resume();
    });
    one.once('close', () => {
      this.#sockets.delete(one);
      other.destroy();
    });
    if (this.#silent) one.pause();
  }
}
