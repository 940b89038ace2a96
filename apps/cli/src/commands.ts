import { readFile } from 'node:fs/promises';
import type { ParseArgsConfig } from 'node:util';

import type { AuditWish } from './audit.command.js';
import { migrateDatabase } from './migrate.command.js';
import { RECONCILE_OPTIONS, type ReconcileWish } from './reconcile.options.js';

/** Something that `gatehold` can be told to do. */
export interface Command {
  readonly summary: string;
  /** What may stand behind its name, for a person to read. */
  readonly synopsis?: string;
  /** A word that has to stand first behind its name. */
  readonly verb?: string;
  /** The same for `parseArgs`; absent: nothing. */
  readonly options?: NonNullable<ParseArgsConfig['options']>;
  /** Resolves with the exit code; undefined leaves it to what was started. */
  run(values: Readonly<Record<string, unknown>>): Promise<number | undefined>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  start: { summary: 'Start a gateway; SIGTERM or Ctrl-C stops it.', run: start },
  worker: { summary: 'Do what gateways do in the background, and serve nobody.', run: worker },
  migrate: { summary: 'Bring the schema of DATABASE_URL up to date, and exit.', run: migrateDatabase },
  reconcile: {
    summary: 'Compare rows and objects; report what belongs to nobody, and remove it with --apply.',
    synopsis: '[--tenant ID] [--apply] [--verify] [--json] [--max-removals N] [--max-percent N]',
    options: RECONCILE_OPTIONS,
    run: reconcile,
  },
  audit: {
    summary:
      'Look whether audit logs are as they were sealed. 0: they are; 1: one is not; 2: that cannot be said.',
    synopsis: 'verify [--tenant ID] [--json]',
    verb: 'verify',
    options: { tenant: { type: 'string' }, json: { type: 'boolean', default: false } },
    run: audit,
  },
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
  const commands = Object.entries(COMMANDS).flatMap(([name, { summary, synopsis }]) => [
    `  ${name.padEnd(11)}${summary}`,
    ...(synopsis === undefined ? [] : [`  ${''.padEnd(11)}${synopsis}`]),
  ]);
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

/** So does the worker. */
async function worker(): Promise<undefined> {
  await import('../../gateway/src/worker.main.js');
}

async function reconcile(values: Readonly<Record<string, unknown>>): Promise<number> {
  const command = await import('./reconcile.command.js');
  // parseArgs has held the values to the options.
  return await command.reconcile(values as unknown as ReconcileWish);
}

async function audit(values: Readonly<Record<string, unknown>>): Promise<number> {
  const command = await import('./audit.command.js');
  return await command.verifyAudit(values as unknown as AuditWish);
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
