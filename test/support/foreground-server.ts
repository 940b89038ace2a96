import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { eventually } from './eventually.js';
import { programPath, type Program } from './programs.js';

const ATTEMPTS = 3;

/** Where a server may write, and where it has to listen. */
export interface Place {
  readonly folder: string;
  /** Of 127.0.0.1. */
  readonly port: number;
}

/** How to start a server that stays in the foreground. */
export interface ServerRecipe {
  readonly program: Program;
  /** Files by their path inside the folder. */
  readonly files: (place: Place) => Readonly<Record<string, string>>;
  readonly args: (place: Place) => readonly string[];
}

/** A server of the operating system on a free port of the loopback interface, with a folder of its own. */
export class ForegroundServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly place: Place,
    private readonly output: string[],
  ) {}

  /** Starts it and resolves when it accepts connections. Rejects with what it said when it ends instead. */
  static async start(recipe: ServerRecipe): Promise<ForegroundServer> {
    // Between finding a port and listening on it somebody else may take it.
    for (let attempt = 1; ; attempt += 1) {
      const server = await ForegroundServer.spawn(recipe);
      const isUp = await server.isAccepting();
      if (isUp) return server;
      await server.stop();
      if (attempt === ATTEMPTS) throw new Error(`${recipe.program} did not start.\n${server.log}`);
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.place.port}`;
  }

  /** What it has written to stdout and stderr so far. */
  get log(): string {
    return this.output.join('');
  }

  /** Ends it, waits until it is gone, and removes its folder. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await ended;
    }
    await rm(this.place.folder, { recursive: true, force: true });
  }

  private static async spawn(recipe: ServerRecipe): Promise<ForegroundServer> {
    const place = { folder: await mkdtemp(join(tmpdir(), 'gatehold-proxy-')), port: await freePort() };
    for (const [name, text] of Object.entries(recipe.files(place))) {
      await mkdir(dirname(join(place.folder, name)), { recursive: true });
      await writeFile(join(place.folder, name), text);
    }
    const child = spawn(programPath(recipe.program), recipe.args(place), {
      cwd: place.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString('utf8')));
    return new ForegroundServer(child, place, output);
  }

  private async isAccepting(): Promise<boolean> {
    return await eventually('the server listens or ends', async () => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) return 'ended';
      return (await accepts(this.place.port)) ? 'listens' : null;
    }).then((state) => state === 'listens');
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
