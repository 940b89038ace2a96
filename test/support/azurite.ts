import { describe, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { eventually } from './eventually.js';
import { plant } from './run-logs.js';

const PROGRAM = fileURLToPath(
  new URL('../azurite/node_modules/azurite/dist/src/blob/main.js', import.meta.url),
);
/** On any port, in memory only, for whatever version of the API the SDK speaks, and telling nobody about it. */
const OPTIONS = [
  '--blobHost',
  '127.0.0.1',
  '--blobPort',
  '0',
  '--inMemoryPersistence',
  '--skipApiVersionCheck',
];
const QUIETLY = ['--disableTelemetry', '--silent'];
/** Accounts of the emulator, with keys that have to be base64. */
const ACCOUNTS = {
  tenantaccount: Buffer.from('the key of the account of the tests').toString('base64'),
  stranger: Buffer.from('the key of somebody else').toString('base64'),
} as const;
const START_LIMIT_MS = 60_000;

/** A storage account of the emulator. */
export interface AzureAccount {
  /** The whole service URL, account included. */
  readonly endpoint: string;
  readonly accountName: string;
  readonly accountKey: string;
}

/** A running Azurite on loopback. */
export interface Azurite {
  readonly account: AzureAccount;
  /** Somebody else, who may not touch what `account` has. */
  readonly otherAccount: AzureAccount;
}

/**
 * The one Azurite of this jest run: whoever asks first starts it (some 2 s), the others wait, and the global tear-down
 * stops it. Suites keep apart by containers of fresh names. `GATEHOLD_TEST_AZURITE_URL` names one that runs already with
 * these accounts.
 */
export async function sharedAzurite(): Promise<Azurite> {
  const running = process.env['GATEHOLD_TEST_AZURITE_URL'];
  if (running !== undefined) return azuriteAt(running);
  const shared = process.env['GATEHOLD_TEST_CEPH_DIR'];
  if (shared === undefined) throw new Error('Azurite needs the global set-up, or GATEHOLD_TEST_AZURITE_URL.');
  const folder = join(shared, 'azurite');
  // Suites run in processes of their own; making a folder succeeds in one of them.
  const isFirst = await mkdir(folder).then(
    () => true,
    () => false,
  );
  if (isFirst) await start(folder);
  const address = await eventually('Azurite started', () => addressIn(folder), START_LIMIT_MS);
  return azuriteAt(address);
}

/** What a tenant has to say to get its objects into a container of an account. */
export function azureBinding(
  { endpoint, accountName, accountKey }: AzureAccount,
  container: string,
): Record<string, unknown> {
  plant(accountKey);
  const credentials = { account_name: accountName, account_key: accountKey };
  return { adapter: 'azure', endpoint, container, credentials };
}

/**
 * A suite that needs Azurite. Where it is not installed the suite is skipped, and says so; with `CI=true` it fails
 * instead, because continuous integration installs it and must not leave the suite out.
 */
export function describeWithAzurite(title: string, body: () => void): void {
  if (existsSync(PROGRAM) || process.env['GATEHOLD_TEST_AZURITE_URL'] !== undefined) {
    describe(title, body);
    return;
  }
  const reason = 'needs Azurite (npm ci in test/azurite)';
  if (process.env['CI'] === 'true') {
    it(title, () => {
      throw new Error(`Left out: ${reason}.`);
    });
    return;
  }
  console.warn(`LEFT OUT: ${title}: ${reason}.`);
  describe['skip'](`${title}: ${reason}`, body);
}

async function start(folder: string): Promise<void> {
  const log = openSync(join(folder, 'log'), 'a');
  const child = spawn(process.execPath, [PROGRAM, ...OPTIONS, ...QUIETLY], {
    cwd: folder,
    env: { PATH: process.env['PATH'], AZURITE_ACCOUNTS: accounts() },
    stdio: ['ignore', log, log],
    detached: true,
  });
  child.unref();
  // The global tear-down ends it.
  await writeFile(join(folder, 'pid'), String(child.pid));
}

function accounts(): string {
  return Object.entries(ACCOUNTS)
    .map(([name, key]) => `${name}:${key}`)
    .join(';');
}

async function addressIn(folder: string): Promise<string | undefined> {
  const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
  if (/Exit due to/.test(log)) throw new Error(`Azurite did not start: ${log}`);
  return /successfully listens on (\S+)/.exec(log)?.[1];
}

function azuriteAt(url: string): Azurite {
  const account = (accountName: keyof typeof ACCOUNTS): AzureAccount => ({
    endpoint: `${url}/${accountName}`,
    accountName,
    accountKey: ACCOUNTS[accountName],
  });
  return { account: account('tenantaccount'), otherAccount: account('stranger') };
}
