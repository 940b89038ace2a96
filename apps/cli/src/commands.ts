import { readFile } from 'node:fs/promises';

import { migrateDatabase } from './migrate.command.js';

/** Something that `gatehold` can be told to do. */
export interface Command {
  readonly summary: string;
  /** Resolves with the exit code; undefined leaves it to what was started. */
  run(): Promise<number | undefined>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  start: { summary: 'Start a gateway; SIGTERM or Ctrl-C stops it.', run: start },
  migrate: { summary: 'Bring the schema of DATABASE_URL up to date, and exit.', run: migrateDatabase },
  version: { summary: 'Say which version this is.', run: version },
  help: { summary: 'Show this.', run: help },
};

const SYNONYMS: Readonly<Record<string, string>> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-v': 'version',
};

/** The command of that name, or null. */
export function findCommand(name: string): Command | null {
  const known = SYNONYMS[name] ?? name;
  return Object.hasOwn(COMMANDS, known) ? (COMMANDS[known] ?? null) : null;
}

/** How the program is used. */
export function usage(): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return [
    'Usage: gatehold <command>',
    '',
    ...commands,
    '',
    'Settings come from environment variables; docs/configuration.md describes them.',
  ].join('\n');
}

/** The gateway takes this process over: signals and exit code are its own. */
async function start(): Promise<undefined> {
  await import('../../gateway/src/main.js');
}

async function version(): Promise<number> {
  // From dist/apps/cli/src to the package, in a clone and in the image alike.
  const text = await readFile(new URL('../../../../package.json', import.meta.url), 'utf8');
  console.log((JSON.parse(text) as { version: string }).version);
  return 0;
}

async function help(): Promise<number> {
  console.log(usage());
  return 0;
}
