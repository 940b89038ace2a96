/** The built gateway in a process of its own, as `npm start` runs it, with one tenant. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { LeftOut } from '../bench.mjs';

/** How `npm start` and the container start it. */
const START_ENV = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' };
const START_FLAGS = ['--max-semi-space-size=4'];
const MAIN = fileURLToPath(new URL('../../../dist/apps/gateway/src/main.js', import.meta.url));

/**
 * Starts a gateway with a data folder of its own; both are gone when the run ends. `env` comes on top.
 */
export async function startGateway(bench, env = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehold-bench-'));
  bench.atEnd(() => rm(dataDir, { recursive: true, force: true }));
  const child = spawn(process.execPath, [...START_FLAGS, MAIN], {
    env: {
      ...START_ENV,
      PATH: process.env.PATH,
      PORT: '0',
      GATEHOLD_DATA_DIR: dataDir,
      GATEHOLD_LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  bench.atEnd(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    // It may have been stopped when the run was.
    child.kill('SIGCONT');
    await exited;
  });
  const url = await readyUrl(child);
  const rootToken = (await readFile(join(dataDir, 'root-token'), 'utf8')).trim();
  return new Gateway(child.pid, url, dataDir, rootToken);
}

/** A running gateway. */
class Gateway {
  constructor(pid, url, dataDir, rootToken) {
    this.pid = pid;
    this.url = url;
    this.dataDir = dataDir;
    this.rootToken = rootToken;
  }

  /** Makes a tenant and a token that may write and read its sources. */
  async makeTenant() {
    const tenantId = `bench-${randomBytes(6).toString('hex')}`;
    await this.call('POST', '/v1/tenants', { tenant_id: tenantId });
    const { token } = await this.call('POST', `/v1/tenants/${tenantId}/tokens`, {
      name: 'bench',
      role: 'editor',
    });
    return { tenantId, token };
  }

  /** A JSON call by the root token; throws unless it went well. */
  async call(method, path, body) {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.rootToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  /**
   * Begins to watch the memory of the process. The function that comes back answers by how many bytes the most that was
   * resident since then exceeds what is resident now. The kernel keeps the maximum (proc(5): VmHWM, set back by writing
   * 5 to clear_refs), so that no peak falls between two looks. Leaves the row out where there is no such thing.
   */
  async watchMemory() {
    await writeFile(`/proc/${this.pid}/clear_refs`, '5').catch(() => {
      throw new LeftOut('needs /proc/PID/clear_refs (Linux) to see the most memory that the gateway takes');
    });
    const before = await this.#memory('VmRSS');
    return async () => (await this.#memory('VmHWM')) - before;
  }

  /** The address of a database of the embedded server, as its owner. */
  async ownerUrl(database) {
    const home = join(this.dataDir, 'postgres');
    const password = (await readFile(join(home, 'owner-password'), 'utf8')).trim();
    const port = (await readFile(join(home, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[3];
    return `postgres://gatehold_owner:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  }

  async #memory(name) {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  }
}

function readyUrl(child) {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk) => {
      output += chunk;
      const url = /"url":"([^"]+)"[^\n]*"msg":"gateway ready"/.exec(output)?.[1];
      if (url === undefined) return;
      // From here on the log is read and thrown away.
      for (const stream of [child.stdout, child.stderr]) stream.off('data', read).resume();
      resolve(url);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`The gateway ended with code ${code}.\n${output}`)));
  });
}
