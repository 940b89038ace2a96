import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clusterUnder, findVersion, OWNER, readPasswords, type Cluster, type Passwords } from './cluster.js';
import { EmbeddedPostgresError, EmbeddedPostgresInUseError } from './embedded-postgres.errors.js';
import {
  EmbeddedPostgres,
  letRuntimeLogIn,
  loginUrl,
  RUNTIME_ROLE,
  type EmbeddedPostgresOptions,
  type EmbeddedServer,
} from './embedded-postgres.js';
import { findPostmaster, readPidFile, type Postmaster } from './postmaster.js';
import { isRunning } from './process-identity.js';
import { poll } from './wait.js';

/** For how long a server that is starting is waited for; recovery after a crash may take a while. */
const READY_MS = 300_000;
/** For how long a gateway that is starting or stopping, so that there is nothing to join yet or any more, is waited for. */
const SETTLE_MS = 30_000;
const SETTLE_PAUSE_MS = 200;
const WATCH_MS = 500;

/** The server of a gateway that runs beside this process: used, and left running. */
export class JoinedPostgres implements EmbeddedServer {
  readonly ownerUrl: string;
  readonly lost: Promise<Error>;
  readonly #leaving = new AbortController();

  private constructor(
    private readonly postmaster: Postmaster,
    private readonly passwords: Passwords,
  ) {
    this.ownerUrl = loginUrl(postmaster.port, OWNER, passwords.owner);
    this.lost = this.#watch();
  }

  /** The server that a living gateway has on a data folder, once it accepts connections; null when there is none. */
  static async find(dataDir: string): Promise<JoinedPostgres | null> {
    const cluster = clusterUnder(resolve(dataDir));
    if ((await findVersion(cluster)) === null) return null;
    const found = await findPostmaster(cluster);
    if (found?.startedBy == null || !(await isRunning(found.startedBy))) return null;
    if (!(await isReady(cluster, found))) return null;
    return new JoinedPostgres(found, await readPasswords(cluster));
  }

  runtimeUrl(): string {
    return loginUrl(this.postmaster.port, RUNTIME_ROLE, this.passwords.runtime);
  }

  async enableRuntimeLogin(): Promise<void> {
    await letRuntimeLogIn(this.postmaster.port, this.passwords);
  }

  async stop(): Promise<void> {
    this.#leaving.abort();
  }

  async #watch(): Promise<Error> {
    const { signal } = this.#leaving;
    while (await isRunning(this.postmaster.identity)) {
      await delay(WATCH_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return await new Promise<Error>(() => undefined);
    }
    return new EmbeddedPostgresError('The gateway whose embedded database is used here has stopped it.');
  }
}

/** Whether there is a database in a data folder. */
export async function hasDatabase(dataDir: string): Promise<boolean> {
  return (await findVersion(clusterUnder(resolve(dataDir)))) !== null;
}

/** The server of a gateway that runs on the data folder, or else one of this process's own. */
export async function joinOrStart(options: EmbeddedPostgresOptions): Promise<EmbeddedServer> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const joined = await JoinedPostgres.find(options.dataDir);
    if (joined !== null) return joined;
    try {
      return await EmbeddedPostgres.start(options);
    } catch (error) {
      if (!(error instanceof EmbeddedPostgresInUseError) || performance.now() > deadline) throw error;
      await delay(SETTLE_PAUSE_MS);
    }
  }
}

async function isReady(cluster: Cluster, { pid, identity }: Postmaster): Promise<boolean> {
  const state = await poll(READY_MS, async () => {
    if (!(await isRunning(identity))) return 'gone';
    const file = await readPidFile(cluster);
    return file?.pid === pid && file.ready ? 'ready' : null;
  });
  return state === 'ready';
}
