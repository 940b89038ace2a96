import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { filesUnder } from './gateway-inside.js';
import { keepLog, plant } from './run-logs.js';
import { REACHABLE, STORAGE } from './storage-under-test.js';

export { isRunning, serverPid } from './running-processes.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
/** The built gateway's program. */
export const MAIN = join(REPOSITORY, 'dist/apps/gateway/src/main.js');
const START_LIMIT_MS = 60_000;

/** How to start a gateway. */
export interface GatewayOptions {
  /** Kept when given, made and removed with {@link GatewayProcess.dispose} when not. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another program than the built gateway's; below the repository. */
  readonly program?: string;
}

/** How a gateway's start ended. */
export interface GatewayRun {
  readonly code: number | null;
  readonly output: string;
  readonly pid: number;
}

/** A real gateway in a process of its own, as `npm start` runs it. */
export class GatewayProcess {
  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
    readonly dataDir: string,
    readonly rootToken: string,
    private readonly ownsDataDir: boolean,
    private readonly output: string[],
  ) {}

  /** Starts a gateway on a free port and resolves when it is ready. Rejects with its output when it is not. */
  static async start(options: GatewayOptions = {}): Promise<GatewayProcess> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'gatehold-test-')));
    const child = spawnGateway(dataDir, options);
    const output: string[] = [];
    const url = await readyUrl(child, output);
    const rootToken =
      options.env?.['GATEHOLD_ROOT_TOKEN'] ?? (await readFile(join(dataDir, 'root-token'), 'utf8')).trim();
    plant(rootToken);
    return new GatewayProcess(child, url, dataDir, rootToken, options.dataDir === undefined, output);
  }

  /** Runs a gateway that is expected to end by itself; one that gets ready is killed, with exit code null. */
  static async run(options: GatewayOptions = {}): Promise<GatewayRun> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'gatehold-test-')));
    const child = spawnGateway(dataDir, options);
    const output: string[] = [];
    const exited = once(child, 'close') as Promise<[number | null]>;
    await readyUrl(child, output).then(
      () => child.kill('SIGKILL'),
      () => undefined,
    );
    const [code] = await exited;
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    return { code, output: output.join(''), pid: child.pid ?? -1 };
  }

  /** Everything it has written to stdout and stderr so far. */
  get log(): string {
    return this.output.join('');
  }

  /** Process id. */
  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Resolves with the exit code when it ends, whoever ends it; null when a signal did. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const [code] = (await once(this.child, 'exit')) as [number | null];
    return code;
  }

  /** Resolves when its log matches; rejects when it ends before it does. */
  said(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(this.log)) resolve();
      };
      this.child.stdout?.on('data', look);
      this.child.stderr?.on('data', look);
      this.child.once('close', () =>
        reject(new Error(`The gateway ended without saying ${String(pattern)}.\n${this.log}`)),
      );
      look();
    });
  }

  /** Resolves when the log has a line for everything that was answered until now. Lines wait for each other for a moment. */
  async logged(): Promise<void> {
    const path = `/logged-${randomUUID()}`;
    await fetch(this.url + path);
    await this.said(new RegExp(path));
  }

  /** Sends a signal and resolves with the exit code once the process is gone; null when a signal ended it. */
  async signal(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  /**
   * Stops it as an operator would and removes its data folder, if it was made here. Throws when that folder holds objects
   * although tenants' objects are to be elsewhere.
   */
  async dispose(): Promise<void> {
    await this.signal('SIGTERM');
    if (!this.ownsDataDir) return;
    const objects = STORAGE === 'filesystem' ? [] : await filesUnder(join(this.dataDir, 'objects'));
    await rm(this.dataDir, { recursive: true, force: true });
    if (objects.length > 0) throw new Error(`Not on ${STORAGE}: ${objects.join(', ')}`);
  }
}

/** Starts a gateway's process and waits for nothing. */
export function spawnGateway(dataDir: string, options: GatewayOptions): ChildProcess {
  const program = options.program === undefined ? MAIN : join(REPOSITORY, options.program);
  const child = spawn(process.execPath, [program], {
    env: {
      PATH: process.env['PATH'] ?? '',
      PORT: '0',
      GATEHOLD_DATA_DIR: dataDir,
      // Suites send bad tokens by the thousand; one about the limit takes this away.
      GATEHOLD_FAILED_AUTH_BURST: '1000000',
      // All that can be said is said where it is looked through for secrets.
      GATEHOLD_LOG_LEVEL: 'debug',
      ...REACHABLE,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  plantSettings(options.env ?? {});
  keepLog(child);
  return child;
}

/** What a suite has told a gateway that is to stay between them. */
function plantSettings(env: Readonly<Record<string, string>>): void {
  plant(env['GATEHOLD_ROOT_TOKEN'], env['GATEHOLD_MASTER_KEY']);
  for (const name of ['DATABASE_URL', 'DATABASE_MIGRATION_URL']) {
    const url = env[name] ?? '';
    if (URL.canParse(url)) plant(decodeURIComponent(new URL(url).password));
  }
}

function readyUrl(child: ChildProcess, output: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`The gateway ${why}.\n${output.join('')}`));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail('was not ready in time');
    }, START_LIMIT_MS);
    let isReady = false;
    const read = (chunk: Buffer): void => {
      output.push(chunk.toString('utf8'));
      // From then on the log is only kept: searching all of it for every line would grow with its square.
      if (isReady) return;
      const url = /"url":"([^"]+)"[^\n]*"msg":"gateway ready"/.exec(output.join(''))?.[1];
      if (url === undefined) return;
      isReady = true;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => fail(`ended with code ${String(code)}`));
  });
}
