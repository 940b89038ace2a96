import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { bringUp, type RunningServer } from './bring-up.js';
import { OWNER, type Passwords } from './cluster.js';
import { EmbeddedPostgresError, EmbeddedPostgresInUseError } from './embedded-postgres.errors.js';
import { takeFolderLock, type FolderLock } from './folder-lock.js';
import type { Log } from './os-user.js';
import { asOwner } from './owner-session.js';

export { EmbeddedPostgresError, EmbeddedPostgresInUseError };

/** What {@link EmbeddedPostgres.start} needs to know. */
export interface EmbeddedPostgresOptions {
  /** The gateway's data folder, made if absent. The cluster goes into `<dataDir>/postgres`. */
  readonly dataDir: string;
  /** Receives what an operator may want to know. Passwords are never in it. */
  readonly log: Log;
}

/** The database that the gateway's tables are in. */
export const DATABASE = 'gatehold';
export const RUNTIME_ROLE = 'gatehold_runtime';

/** An embedded server, this process's own or that of a gateway beside it. */
export interface EmbeddedServer {
  /** Login of the owner (superuser), for migrations. */
  readonly ownerUrl: string;
  /** Resolves when the server ends although nobody called {@link stop}; never rejects. */
  readonly lost: Promise<Error>;
  /** Login of the role the gateway works as; refused by the server before {@link enableRuntimeLogin}. */
  runtimeUrl(): string;
  /** Lets the runtime role log in with its password. The migrations must have made the role. May be repeated. */
  enableRuntimeLogin(): Promise<void>;
  /** Lets go of the server. */
  stop(): Promise<void>;
}

/**
 * A real PostgreSQL server that belongs to one gateway: made at the first start, started and stopped with the
 * gateway, on a free port of the loopback interface. Whatever a killed gateway left behind (a server without a
 * master, a stale pid file, a half-made cluster) the next start clears away, and no committed row is lost.
 */
export class EmbeddedPostgres implements EmbeddedServer {
  readonly ownerUrl: string;
  readonly lost: Promise<Error>;
  private stopping: Promise<void> | null = null;

  private constructor(
    private readonly running: RunningServer,
    private readonly folderLock: FolderLock,
  ) {
    this.ownerUrl = loginUrl(running.server.port, OWNER, running.passwords.owner);
    this.lost = new Promise((report) => {
      void running.server.exited.then(async (end) => {
        if (this.stopping) return;
        await running.session.close(); // or it would try to reconnect for ever
        const serverLog = await running.server.logTail().catch(() => '');
        report(new EmbeddedPostgresError(`The embedded PostgreSQL server ${end}.`, { serverLog }));
      });
    });
  }

  /**
   * Starts the server and resolves when it accepts connections; makes the cluster and the database first where
   * there are none. Rejects with {@link EmbeddedPostgresInUseError} when another live gateway holds the folder and
   * with {@link EmbeddedPostgresError} for everything else; then nothing of this call is left running.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const dataDir = resolve(options.dataDir);
    try {
      if (process.platform === 'win32') {
        throw new EmbeddedPostgresError('The embedded database does not run on Windows: set DATABASE_URL.');
      }
      await mkdir(dataDir, { recursive: true, mode: 0o700 });
      const lock = await takeFolderLock(dataDir, options.log);
      try {
        return new EmbeddedPostgres(await bringUp(dataDir, DATABASE, options.log), lock);
      } catch (error) {
        await lock.release();
        throw error;
      }
    } catch (cause) {
      if (cause instanceof EmbeddedPostgresInUseError || cause instanceof EmbeddedPostgresError) throw cause;
      throw new EmbeddedPostgresError(
        `The embedded database under ${dataDir} cannot be started: ${String(cause)}. ` +
          'Check GATEHOLD_DATA_DIR (a local disk this user can write to), or set DATABASE_URL.',
        { cause },
      );
    }
  }

  runtimeUrl(): string {
    return loginUrl(this.running.server.port, RUNTIME_ROLE, this.running.passwords.runtime);
  }

  async enableRuntimeLogin(): Promise<void> {
    await letRuntimeLogIn(this.running.server.port, this.running.passwords);
  }

  /**
   * Stops the server: clients are disconnected, open transactions roll back, committed ones are on disk. Resolves
   * when the process is gone, at the latest some 25 s later. Repeated calls wait for the first one.
   */
  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  private async shutDown(): Promise<void> {
    try {
      await this.running.session.close();
      await this.running.server.stop();
    } finally {
      await this.folderLock.release();
    }
  }
}

/** The URL of a login on an embedded server. */
export function loginUrl(port: number, role: string, password: string): string {
  // sslmode is said, so that PGSSLMODE in the operator's shell has no say.
  return `postgres://${role}:${password}@127.0.0.1:${port}/${DATABASE}?sslmode=disable`;
}

/** Gives the runtime role its password, on the embedded server at that port. */
export async function letRuntimeLogIn(port: number, { owner, runtime }: Passwords): Promise<void> {
  await asOwner({ port, password: owner }, DATABASE, async (client) => {
    // A utility statement takes no parameters; our passwords have no character that needs escaping.
    await client.query(`ALTER ROLE ${RUNTIME_ROLE} LOGIN PASSWORD ${client.escapeLiteral(runtime)}`);
  });
}
