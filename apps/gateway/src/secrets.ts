import type { GatewayConfig } from '#config';
import { Secret } from '#kernel';
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The data folder cannot be used; the message names the setting. */
export class DataFolderError extends Error {
  constructor(dataDir: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `The data folder ${dataDir} cannot be used (${reason}). Set GATEHOLD_DATA_DIR to a folder that this user ` +
        'can write to.',
      { cause },
    );
  }
}

/** A secret in the data folder is not what it has to be; the message names its file, never its content. */
export class UnusableSecretError extends Error {}

/** What the gateway needs to keep secrets, and where it came from. */
export interface GatewaySecrets {
  readonly rootToken: Secret;
  /** File that holds the root token; null when it was configured. */
  readonly rootTokenFile: string | null;
  readonly masterKey: Secret<Buffer>;
}

/**
 * The root token and the master key: as configured, or else kept in the data folder, made at the first start, readable
 * by nobody else. Several gateways that share a data folder agree on one of each, whoever comes first.
 */
export async function loadSecrets(config: GatewayConfig): Promise<GatewaySecrets> {
  try {
    return await readSecrets(config);
  } catch (error) {
    if (error instanceof UnusableSecretError) throw error;
    throw new DataFolderError(config.data.dir, error);
  }
}

/** The master key as it is configured or was made by a gateway; none is made here. Throws as {@link loadSecrets}. */
export async function readMasterKey({ secrets, data }: GatewayConfig): Promise<Secret<Buffer>> {
  if (secrets.masterKey !== null) return secrets.masterKey;
  const text = await readText(join(data.dir, 'master-key')).catch((error: unknown) => {
    throw new DataFolderError(data.dir, error);
  });
  if (text === null)
    throw new UnusableSecretError(
      'There is no master-key file in the data folder. Set GATEHOLD_DATA_DIR or GATEHOLD_MASTER_KEY as the gateway has it.',
    );
  return checkedMasterKey(new Secret(Buffer.from(text, 'base64')));
}

function checkedMasterKey(masterKey: Secret<Buffer>): Secret<Buffer> {
  if (masterKey.reveal().length !== 32)
    throw new UnusableSecretError('The master-key file in the data folder does not hold 32 bytes in base64.');
  return masterKey;
}

async function readSecrets(config: GatewayConfig): Promise<GatewaySecrets> {
  await mkdir(config.data.dir, { recursive: true, mode: 0o750 });
  const rootTokenFile = config.secrets.rootToken === null ? join(config.data.dir, 'root-token') : null;
  const rootToken =
    config.secrets.rootToken ??
    new Secret(
      await ensureFile(
        join(config.data.dir, 'root-token'),
        () => `gth_root_${randomBytes(30).toString('base64url')}`,
      ),
    );
  const masterKey =
    config.secrets.masterKey ??
    new Secret(
      Buffer.from(
        await ensureFile(join(config.data.dir, 'master-key'), () => randomBytes(32).toString('base64')),
        'base64',
      ),
    );
  checkedMasterKey(masterKey);
  if (rootToken.reveal().length < 32)
    throw new UnusableSecretError('The root-token file in the data folder is shorter than 32 characters.');
  return { rootToken, rootTokenFile, masterKey };
}

/** Reads a file, made with `make` when absent. It appears whole or not at all, and the first to make it wins. */
async function ensureFile(path: string, make: () => string): Promise<string> {
  const found = await readText(path);
  if (found !== null) return found;
  const staged = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(staged, `${make()}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(staged, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(staged, { force: true });
  }
  const made = await readText(path);
  if (made === null) throw new Error('A secret could not be written into the data folder.');
  return made;
}

async function readText(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
