import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { GatewayProcess, isRunning, serverPid } from './gateway-process.js';

/** One data folder, and the gateways that a test starts on it, one after the other. */
export class RestartableGateway {
  private readonly gateways: GatewayProcess[] = [];

  private constructor(readonly dataDir: string) {}

  /** Makes an empty folder. */
  static async make(): Promise<RestartableGateway> {
    return new RestartableGateway(await mkdtemp(join(tmpdir(), 'gatehold-start-')));
  }

  /** Starts a gateway on the folder and resolves when it is ready. */
  async start(env: Record<string, string> = {}): Promise<GatewayProcess> {
    const gateway = await GatewayProcess.start({ dataDir: this.dataDir, env });
    this.gateways.push(gateway);
    return gateway;
  }

  /** The process id of the embedded server, as its pid file names it; null when there is none. */
  server(): Promise<number | null> {
    return serverPid(this.dataDir);
  }

  /** Whether the embedded server is gone: no pid file, and the process that was it, if one is named, does not run. */
  async serverIsGone(pid: number | null): Promise<boolean> {
    if ((await this.server()) !== null) return false;
    return pid === null || !(await isRunning(pid));
  }

  /** Stops what still runs and removes the folder. */
  async dispose(): Promise<void> {
    for (const gateway of this.gateways) await gateway.dispose();
    const server = await this.server();
    if (server !== null && (await isRunning(server))) process.kill(server, 'SIGKILL');
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}
