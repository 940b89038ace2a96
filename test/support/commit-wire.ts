import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A transaction's end as a simple query (PostgreSQL's protocol, "Message Formats"): a connection also names the statement as it
 * prepares it, which is the end of a single query.
 */
const COMMIT_QUERY = Buffer.from('Q\0\0\0\x0bCOMMIT\0');
/** The tag of its completion as it is answered. */
const COMMITTED = Buffer.from('COMMIT\0');

/** What happens to one commit; `done` is called when it has. */
interface Ambush {
  readonly marker: string;
  readonly lost: 'commit' | 'answer';
  readonly strike: () => void;
}

/** A wire to a PostgreSQL server on which the commit of a chosen transaction, or the answer to it, gets lost. */
export class CommitWire {
  private readonly sockets = new Set<Socket>();
  private ambush: Ambush | null = null;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async to(targetPort: number): Promise<CommitWire> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const wire = new CommitWire(server, (server.address() as AddressInfo).port);
    server.on('connection', (inner) => wire.join(inner, connect(targetPort, '127.0.0.1')));
    return wire;
  }

  /**
   * Waits for a transaction that names `marker` and breaks its connection at its commit: before the server learns of it
   * (`commit`), or when the server has committed and says so (`answer`). Calls `alongside` at that very moment, before
   * the client can notice, and resolves then.
   */
  loseNext(lost: Ambush['lost'], marker: string, alongside: () => void = () => undefined): Promise<void> {
    return new Promise((resolve) => {
      const strike = (): void => {
        this.ambush = null;
        alongside();
        resolve();
      };
      this.ambush = { marker, lost, strike };
    });
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private join(client: Socket, server: Socket): void {
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
    }
    // Whoever has only named the marker meanwhile is not struck later, at a commit of its own.
    let chosen: Ambush | null = null;
    let isCommitting = false;
    const isAmbushed = (): boolean => chosen !== null && chosen === this.ambush;
    const strike = (): void => {
      this.ambush?.strike();
      client.destroy();
    };
    client.on('data', (chunk: Buffer) => {
      if (this.ambush !== null && chunk.includes(this.ambush.marker)) chosen = this.ambush;
      const isCommit = isAmbushed() && chunk.includes(COMMIT_QUERY);
      if (isCommit && chosen?.lost === 'commit') {
        strike();
        return;
      }
      isCommitting = isCommit;
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (isCommitting && isAmbushed() && chunk.includes(COMMITTED)) strike();
      else client.write(chunk);
    });
  }
}
