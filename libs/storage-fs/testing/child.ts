import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const LIBRARIES = fileURLToPath(new URL('../../', import.meta.url));

/** What a child process ended with. */
export interface ChildResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Plain JavaScript copies of kernel, storage and storage-fs, for faults that only a process of its own can have. */
export class ChildProgram {
  private constructor(readonly folder: string) {}

  /** Compiles the libraries and writes `script`, an ES module that may import `#storage` and its like. */
  static async create(script: string): Promise<ChildProgram> {
    const folder = await mkdtemp(join(tmpdir(), 'gatehold-child-'));
    for (const library of ['kernel', 'storage', 'storage-fs']) await compile(library, join(folder, library));
    const imports = { '#*': './*/index.js' };
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', imports }));
    await writeFile(join(folder, 'script.js'), script);
    return new ChildProgram(folder);
  }

  /** Starts the script. `limits` is shell text run first, such as `ulimit -f 8`. */
  start(parameters: readonly string[], limits = ':'): ChildProcess {
    const command = `${limits} && exec "$0" "$@"`;
    return spawn('sh', ['-c', command, process.execPath, join(this.folder, 'script.js'), ...parameters], {
      // The runner's own options (module mocks, inspectors) are no business of the child's.
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs the script to its end. */
  run(parameters: readonly string[], limits?: string): Promise<ChildResult> {
    return ended(this.start(parameters, limits));
  }

  /** Removes the copies. */
  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** What a child prints until it ends, and how it ends. */
export async function ended(child: ChildProcess): Promise<ChildResult> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ stdout, stderr, code, signal }));
  });
}

async function compile(library: string, target: string): Promise<void> {
  const source = join(LIBRARIES, library);
  for (const name of await readdir(source)) {
    if (!name.endsWith('.ts') || name.endsWith('.spec.ts')) continue;
    const { code } = await transform(await readFile(join(source, name), 'utf8'), {
      swcrc: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
      module: { type: 'es6' },
    });
    const file = join(target, name.replace(/\.ts$/, '.js'));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, code);
  }
}
