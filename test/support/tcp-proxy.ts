import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A port that leads to a server which comes and goes, and whose own port may be another each time. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private target: number | null,
  ) {}

  /** Listens on the loopback interface and passes everything to `target`. */
  static async open(target: number): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server, (server.address() as AddressInfo).port, target);
    server.on('connection', (socket) => proxy.pass(socket));
    return proxy;
  }

  /** Leads to another port from now on; null: connections are taken and cut at once. */
  leadTo(target: number | null): void {
    this.target = target;
    if (target === null) this.cut();
  }

  async close(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, 'close');
  }

  private cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private pass(socket: Socket): void {
    socket.on('error', () => undefined);
    if (this.target === null) {
      socket.destroy();
      return;
    }
    const onward = connect(this.target, '127.0.0.1');
    onward.on('error', () => undefined);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.sockets.add(one);
      one.once('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
