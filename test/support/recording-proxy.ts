import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Passes everything to a server on the loopback interface, and keeps what clients said to it. */
export class RecordingProxy {
  private readonly sockets = new Set<Socket>();
  private readonly said: Buffer[] = [];

  private constructor(private readonly server: Server) {}

  /** Listens on a free port; `target` is the server's base URL. */
  static async open(target: string): Promise<RecordingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new RecordingProxy(server);
    const { port } = new URL(target);
    server.on('connection', (socket) => proxy.pass(socket, connect(Number(port), '127.0.0.1')));
    return proxy;
  }

  /** Where to reach the server through this proxy. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Everything that clients have sent so far, as text. */
  get heard(): string {
    return Buffer.concat(this.said).toString('latin1');
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private pass(client: Socket, server: Socket): void {
    client.on('data', (chunk) => this.said.push(chunk));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => undefined);
      one.once('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
