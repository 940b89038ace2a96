import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { makeOwners, type Owner } from '../content/owner.js';
import type { Closers } from './closers.js';
import { CephPlace } from './ceph-place.js';
import { FilesystemPlace } from './filesystem-place.js';
import { GatewaySlot } from './gateway-slot.js';
import type { StorageName } from './place.js';
import { PostgresServer } from './postgres-server.js';
import { makeTenants, type Credentials } from './tenants.js';

/** Limits short enough for a run to meet them; everything else is as it comes. */
const LIMITS = {
  GATEHOLD_LOG_LEVEL: 'info',
  GATEHOLD_RECONCILE_INTERVAL_SECONDS: '0',
  GATEHOLD_DRAIN_SECONDS: '10',
  GATEHOLD_IDLE_TIMEOUT_SECONDS: '30',
  GATEHOLD_HEADER_TIMEOUT_SECONDS: '4',
  GATEHOLD_MINIMUM_RATE_SECONDS: '3',
  GATEHOLD_STORAGE_CONNECT_SECONDS: '1',
  GATEHOLD_STORAGE_FIRST_BYTE_SECONDS: '5',
  GATEHOLD_STORAGE_IDLE_SECONDS: '5',
  GATEHOLD_UPLOAD_PART_BYTES: '5MiB',
  // All clients come from one address, those with revoked tokens too.
  GATEHOLD_FAILED_AUTH_BURST: '1000000',
};

/** Two gateways on one PostgreSQL and one storage, with a proxy on every way between them and to their clients. */
export class World {
  private constructor(
    readonly folder: string,
    /** What is worth looking at afterwards goes there. */
    readonly output: string,
    /** The settings of a process that reaches PostgreSQL at a port. */
    readonly env: (databasePort: number, database?: string) => Readonly<Record<string, string>>,
    readonly postgres: PostgresServer,
    readonly place: FilesystemPlace | CephPlace,
    readonly gateways: readonly [GatewaySlot, GatewaySlot],
    readonly owners: readonly Owner[],
    readonly credentials: Credentials,
    /** What no output may ever have in it, by what it is. */
    readonly secrets: Map<string, string>,
  ) {}

  /** Starts all of it in an empty folder; whatever was started goes onto `closers`, also when something later fails. */
  static async make({ folder, output, storage }: WorldOptions, closers: Closers): Promise<World> {
    const dataDir = join(folder, 'data');
    await mkdir(dataDir, { recursive: true });
    const place =
      storage === 'ceph' ? await CephPlace.make(join(folder, 'ceph')) : await FilesystemPlace.make(dataDir);
    closers.add(() => place.close());
    const postgres = await PostgresServer.make(join(folder, 'server'));
    closers.add(() => postgres.stop());
    const rootToken = `gth_root_${randomBytes(30).toString('base64url')}`;
    const masterKey = randomBytes(32).toString('base64');
    const env = (port: number, database?: string): Record<string, string> => {
      const { app, owner } = postgres.urls(port, database);
      return {
        ...LIMITS,
        ...place.env,
        DATABASE_URL: app,
        DATABASE_MIGRATION_URL: owner,
        GATEHOLD_DATA_DIR: dataDir,
        GATEHOLD_ROOT_TOKEN: rootToken,
        GATEHOLD_MASTER_KEY: masterKey,
      };
    };
    const slot = async (name: string): Promise<GatewaySlot> => {
      const made = await GatewaySlot.make({ name, env }, postgres.port);
      closers.add(() => made.close());
      return made;
    };
    const gateways = [await slot('G1'), await slot('G2')] as const;
    await Promise.all(gateways.map((gateway) => gateway.start()));
    const owners = makeOwners('tenant');
    const credentials = await makeTenants(gateways[0].url, rootToken, owners);
    const secrets = new Map(
      Object.entries({
        'root token': rootToken,
        'master key': masterKey,
        ...postgres.secrets,
        ...place.secrets,
        ...credentials.secrets,
      }),
    );
    return new World(folder, output, env, postgres, place, gateways, owners, credentials, secrets);
  }
}

/** What a world is made of and from. */
export interface WorldOptions {
  readonly folder: string;
  readonly output: string;
  readonly storage: StorageName;
}
