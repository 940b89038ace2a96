/** Loads a server by a client in a process of its own; see load.mjs for what a job has. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { pinned } from './cores.mjs';

const LOAD = fileURLToPath(new URL('load.mjs', import.meta.url));

/** A client that waits to be told for how long it is to load its server. */
export class Load {
  #complaint = '';

  constructor(job, core) {
    this.url = job.url;
    this.client = spawn(...pinned(core, [process.execPath, LOAD, JSON.stringify(job)]), {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.client.stderr.on('data', (chunk) => (this.#complaint += chunk));
    this.client.stdin.on('error', () => undefined);
    this.closed = once(this.client, 'close');
    this.lines = createInterface({ input: this.client.stdout })[Symbol.asyncIterator]();
  }

  /** Asks again and again; fails when anything is refused. */
  async run(seconds) {
    await this.#say(String(seconds));
  }

  /** Answers `{perSecond, answers, p50Ms, p99Ms}` of what ran since the last time. */
  measured() {
    return this.#say('');
  }

  /** Closes its connections. */
  async close() {
    this.client.stdin.end();
    await this.closed;
  }

  async #say(line) {
    this.client.stdin.write(`${line}\n`);
    const { value, done } = await this.lines.next();
    if (!done) return JSON.parse(value);
    await this.closed;
    throw new Error(`The load on ${this.url} failed: ${this.#complaint}`);
  }
}

/** Answers `{perSecond, answers, p50Ms, p99Ms}` of some seconds; fails when anything was refused. */
export async function runLoad({ seconds, ...job }, core) {
  const load = new Load(job, core);
  try {
    await load.run(seconds);
    return await load.measured();
  } finally {
    await load.close();
  }
}
