import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { PostgresProxy } from '../wire/postgres-proxy.js';
import type { World } from './world.js';

const CLI = fileURLToPath(new URL('../../../dist/apps/cli/src/main.js', import.meta.url));

let made = 0;

/** Makes an empty database beside the run's own; answers its name. Drop it in the end. */
export async function makeDatabase({ postgres }: World): Promise<string> {
  made += 1;
  const name = `beside_${made}`;
  await postgres.query(`CREATE DATABASE ${name}`);
  return name;
}

/** Makes a database with the schema of the run's own and no rows; answers its name. */
export async function migrateNew(world: World): Promise<string> {
  const name = await makeDatabase(world);
  const { code } = await runMigrations(world, name);
  if (code !== 0) throw new Error(`The migrations ended with ${code ?? 'a signal'}.`);
  return name;
}

/**
 * Runs `gatehold migrate` on a database; it is killed when the server has answered so many times. Answers the exit code
 * (null when it was killed), and how often the server has answered.
 */
export async function runMigrations(
  { env, postgres }: World,
  database: string,
  killAt = Infinity,
): Promise<{ readonly code: number | null; readonly answers: number }> {
  const proxy = await PostgresProxy.open();
  proxy.leadTo(postgres.port);
  const settings = { PATH: process.env['PATH'] ?? '', ...env(proxy.port, database) };
  const child = spawn(process.execPath, [CLI, 'migrate'], { env: settings, stdio: 'ignore' });
  let answers = 0;
  proxy.onAnswer = () => {
    answers += 1;
    if (answers === killAt) child.kill('SIGKILL');
  };
  const [code] = (await once(child, 'exit')) as [number | null];
  await proxy.close();
  return { code, answers };
}
