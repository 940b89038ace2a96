import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../dist/apps/gateway/src/main.js', import.meta.url));
const START_LIMIT_MS = 60_000;
/** So much of what a process wrote is looked at for its address, and shown when it did not start. */
const HEAD_CHARACTERS = 100_000;

/** One process of a gateway, from the moment it is ready. */
export class GatewayProcess {
  #unread: string[] = [];

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    head: string,
  ) {
    this.#unread.push(head);
    const keep = (chunk: Buffer): void => void this.#unread.push(chunk.toString('utf8'));
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
  }

  /** Starts one and resolves when it is ready; rejects with what it wrote when it ends instead, or takes too long. */
  static async start(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
    const child = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env['PATH'] ?? '', PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { url, head } = await ready(child);
    return new GatewayProcess(child, url, head);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves with the exit code when it is gone, whoever ended it; null when a signal did. */
  async ended(): Promise<number | null> {
    if (this.isRunning) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  /** Sends a signal that ends it, and resolves as {@link ended} does. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.ended();
  }

  /** What it has written since this was last asked. */
  takeLog(): string {
    return this.#unread.splice(0).join('');
  }
}

function ready(child: ChildProcess): Promise<{ readonly url: string; readonly head: string }> {
  return new Promise((resolve, reject) => {
    let head = '';
    const settle = (): void => {
      clearTimeout(timer);
      child.stdout?.off('data', read);
      child.stderr?.off('data', read);
      child.off('exit', onExit);
    };
    const fail = (why: string): void => {
      settle();
      reject(new Error(`A gateway ${why}.\n${head.slice(-HEAD_CHARACTERS)}`));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail('was not ready in time');
    }, START_LIMIT_MS);
    const onExit = (code: number | null): void => fail(`ended with ${code ?? 'a signal'}`);
    const read = (chunk: Buffer): void => {
      head += chunk.toString('utf8');
      const url = /"url":"([^"]+)"[^\n]*"msg":"gateway ready"/.exec(head)?.[1];
      if (url === undefined) return;
      settle();
      resolve({ url, head });
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', onExit);
  });
}
