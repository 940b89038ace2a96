import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a PostgreSQL server on which connections of one kind can be held up: nothing comes through, and nothing is closed. */
export class HaltingProxy {
  readonly #sockets = new Set<Socket>();
  readonly #marked = new Set<Socket>();
  #isHalted = false;

  private constructor(
    private readonly server: Server,
    private readonly marker: string,
  ) {}

  /** `marker`: what the first message of the connections that are meant contains, such as the name of an application. */
  static async to(targetPort: number, marker: string): Promise<HaltingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new HaltingProxy(server, marker);
    server.on('connection', (inner) => proxy.#join(inner, connect(targetPort, '127.0.0.1')));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many of those connections there are. */
  get markedCount(): number {
    return this.#marked.size;
  }

  /** From now on nothing passes over them, nor over new ones. */
  halt(): void {
    this.#isHalted = true;
  }

  /** New ones are passed on again; those that were held up stay as they are. */
  goOn(): void {
    this.#isHalted = false;
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.server, 'close');
  }

  #join(inner: Socket, outer: Socket): void {
    let isMarked = false;
    let isLost = false;
    inner.once('data', (first: Buffer) => {
      isMarked = first.includes(this.marker);
      if (isMarked) this.#marked.add(inner);
    });
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => undefined);
      from.on('data', (bytes: Buffer) => {
        isLost ||= isMarked && this.#isHalted;
        if (!isLost) to.write(bytes);
      });
      from.once('close', () => {
        this.#sockets.delete(from);
        this.#marked.delete(inner);
        to.destroy();
      });
    }
  }
}
