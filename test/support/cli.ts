import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Json } from './api.js';

const MAIN = fileURLToPath(new URL('../../dist/apps/cli/src/main.js', import.meta.url));

/** How a command ended. */
export interface CommandRun {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Standard output as JSON; undefined when it is none. */
  readonly json: Json;
}

/** Starts `gatehold` with these settings and no others. */
export function spawnCommand(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs `gatehold` to its end. */
export async function runCommand(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<CommandRun> {
  return await ended(spawnCommand(args, settings));
}

/** Waits for the end of a command that was started, and answers all that it wrote. */
export async function ended(child: ChildProcess): Promise<CommandRun> {
  const written = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => (written.out += chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => (written.err += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...written, json: parsed(written.out) };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
