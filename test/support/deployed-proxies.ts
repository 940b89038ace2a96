import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { ForegroundServer } from './foreground-server.js';
import { startDeployedHaproxy } from './haproxy.js';
import { startDeployedNginx } from './nginx.js';
import type { Program } from './programs.js';

/** A proxy as `deploy/` has it. */
export interface DeployedProxy {
  readonly file: string;
  readonly program: Program;
  readonly start: (gatewayUrl: string) => Promise<ForegroundServer>;
  /** The same, sharing connections to the gateway among callers as widely as the program can. */
  readonly startSharing: (gatewayUrl: string) => Promise<ForegroundServer>;
}

const startNginx = (gatewayUrl: string): Promise<ForegroundServer> =>
  startDeployedNginx('gatehold.conf', gatewayUrl);

/** The proxies that operators are given a configuration for. */
export const DEPLOYED_PROXIES: readonly DeployedProxy[] = [
  {
    file: 'deploy/nginx/gatehold.conf',
    program: 'nginx',
    start: startNginx,
    startSharing: startNginx,
  },
  {
    file: 'deploy/haproxy/haproxy.cfg',
    program: 'haproxy',
    start: (gatewayUrl) => startDeployedHaproxy(gatewayUrl),
    startSharing: (gatewayUrl) =>
      startDeployedHaproxy(gatewayUrl, { 'http-reuse safe': 'http-reuse always' }),
  },
];

/** A port that leads to a gateway and counts the connections that were made to it. */
export class CountingWire {
  private readonly sockets = new Set<Socket>();
  #connections = 0;

  private constructor(private readonly server: Server) {}

  static async to(gatewayUrl: string): Promise<CountingWire> {
    const { port } = new URL(gatewayUrl);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const wire = new CountingWire(server);
    server.on('connection', (socket) => wire.join(socket, connect(Number(port), '127.0.0.1')));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Connections so far. */
  get connections(): number {
    return this.#connections;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private join(inner: Socket, outer: Socket): void {
    this.#connections += 1;
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
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
