import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(REPOSITORY, 'dist/apps/gateway/src/main.js');
const START_LIMIT_MS = 60_000;

/** How to start a gateway. */
export interface GatewayOptions {
  /** Kept when given, made and removed with {@link GatewayProcess.dispose} when not. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
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
    const child = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env['PATH'] ?? '', PORT: '0', GATEHOLD_DATA_DIR: dataDir, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    const url = await readyUrl(child, output);
    const rootToken =
      options.env?.['GATEHOLD_ROOT_TOKEN'] ?? (await readFile(join(dataDir, 'root-token'), 'utf8')).trim();
    return new GatewayProcess(child, url, dataDir, rootToken, options.dataDir === undefined, output);
  }

  /** Everything it has written to stdout and stderr so far. */
  get log(): string {
    return this.output.join('');
  }

  /** Sends a signal and resolves with the exit code once the process is gone; null when a signal ended it. */
  async signal(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  /** Stops it as an operator would and removes its data folder, if it was made here. */
  async dispose(): Promise<void> {
    await this.signal('SIGTERM');
    if (this.ownsDataDir) await rm(this.dataDir, { recursive: true, force: true });
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
    const read = (chunk: Buffer): void => {
      output.push(chunk.toString('utf8'));
      const url = /"url":"([^"]+)"[^\n]*"msg":"gateway ready"/.exec(output.join(''))?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => fail(`ended with code ${String(code)}`));
  });
}
