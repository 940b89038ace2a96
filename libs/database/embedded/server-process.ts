import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Binaries } from './binaries.js';
import type { Cluster } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import type { Log } from './os-user.js';
import { readPidFile } from './postmaster.js';
import { asUser, CHILD_ENVIRONMENT } from './run.js';
import { openServerLog, readLogTail } from './server-log.js';
import { serverArguments, type LaunchSettings } from './server-settings.js';
import { poll, settlesWithin } from './wait.js';

/** Why a server did not come up: `in-use` = another one has the cluster, `memory` = a dead one's backends still do. */
export type LaunchFailure = 'port' | 'in-use' | 'memory' | 'other';

const FAST_STOP_MS = 15_000;
const IMMEDIATE_STOP_MS = 10_000;
/** Recovery after a crash replays at most max_wal_size of changes, but on a slow disk that may take minutes. */
const READY_MS = 300_000;

/** A postgres that is our child. */
export class ServerProcess {
  /** Resolves with an account of the end, asked for or not. Never rejects. */
  readonly exited: Promise<string>;
  private ended = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly cluster: Cluster,
    readonly pid: number,
    readonly port: number,
    private readonly logStart: number,
  ) {
    // A signal that cannot be delivered is an 'error' event, and one that nobody hears ends the process.
    child.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.ended = true;
        resolve(signal ? `ended by ${signal}` : `ended with exit code ${code}`);
      });
    });
  }

  /**
   * Starts a server and returns without waiting for it. It gets a session of its own, so that Ctrl-C in the
   * terminal reaches the gateway alone, which then stops its server after everything else.
   */
  static async launch(
    cluster: Cluster,
    binaries: Binaries,
    settings: LaunchSettings,
  ): Promise<ServerProcess> {
    const log = await openServerLog(cluster.log);
    try {
      const child = spawn(binaries.postgres, serverArguments(settings), {
        cwd: cluster.data,
        env: CHILD_ENVIRONMENT,
        detached: true,
        stdio: ['ignore', log.file.fd, log.file.fd],
        ...asUser(settings.user),
      });
      if (child.pid === undefined) await once(child, 'spawn'); // rejects with the reason
      return new ServerProcess(child, cluster, child.pid ?? -1, settings.port, log.start);
    } finally {
      await log.file.close();
    }
  }

  /** Waits until the server accepts connections; null then, the reason when it ended instead. */
  async ready(log: Log): Promise<LaunchFailure | null> {
    const started = performance.now();
    let nextWord = 10_000;
    const state = await poll(READY_MS, async () => {
      if (this.ended) return 'ended';
      if (performance.now() - started > nextWord) {
        nextWord += 10_000;
        log('the embedded database is still starting: recovery after a crash can take a while');
      }
      const file = await readPidFile(this.cluster);
      return file?.pid === this.pid && file.ready ? 'ready' : null;
    });
    if (state === 'ready') return null;
    if (state === 'ended') return classify(await this.logTail());
    await this.stop();
    return 'other';
  }

  /** The last lines this server logged. */
  async logTail(): Promise<string> {
    return readLogTail(this.cluster.log, this.pid, this.logStart);
  }

  /** Shuts down fast (clients are disconnected, everything committed is on disk) and waits for the end. */
  async stop(): Promise<void> {
    // To the postmaster alone: it ends its children in the right order.
    for (const [signal, limitMs] of [
      ['SIGINT', FAST_STOP_MS],
      ['SIGQUIT', IMMEDIATE_STOP_MS],
    ] as const) {
      if (!this.ended) this.child.kill(signal);
      if (await settlesWithin(limitMs, this.exited)) return;
    }
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** The error for a server that ended while it was starting. */
export async function launchError(server: ServerProcess): Promise<EmbeddedPostgresError> {
  return new EmbeddedPostgresError('The embedded PostgreSQL server did not start.', {
    serverLog: await server.logTail(),
  });
}

function classify(log: string): LaunchFailure {
  if (/could not bind|could not create any TCP\/IP sockets/.test(log)) return 'port';
  if (/lock file ".*" (?:already exists|is empty)/.test(log)) return 'in-use';
  if (/pre-existing shared memory block/.test(log)) return 'memory';
  return 'other';
}
