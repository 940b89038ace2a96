import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api } from './api.js';
import { CommitWire } from './commit-wire.js';
import { GatewayProcess } from './gateway-process.js';
import { ThrowawayDatabase } from './test-database.js';

/** Two gateways on one database and one data folder, of which one has all the accidents. */
export class UnluckyGateways {
  private constructor(
    readonly throwaway: ThrowawayDatabase,
    /** The unlucky one's way to the database. */
    readonly wire: CommitWire,
    readonly dataDir: string,
    private readonly env: Readonly<Record<string, string>>,
    /** The one beside it. */
    readonly other: GatewayProcess,
    private unluckyOne: GatewayProcess,
  ) {}

  /** `env`: what both are told beside where the database is. */
  static async start(env: Readonly<Record<string, string>>): Promise<UnluckyGateways> {
    const throwaway = await ThrowawayDatabase.create();
    const wire = await CommitWire.to(throwaway.logins.port);
    const dataDir = await mkdtemp(join(tmpdir(), 'gatehold-unlucky-'));
    const told = { ...env, DATABASE_MIGRATION_URL: throwaway.ownerUrl };
    const other = await start(dataDir, { ...told, DATABASE_URL: throwaway.runtimeUrl });
    const unlucky = await start(dataDir, { ...told, DATABASE_URL: throughWire(throwaway, wire) });
    return new UnluckyGateways(throwaway, wire, dataDir, told, other, unlucky);
  }

  /** The one that has the accidents. */
  get unlucky(): GatewayProcess {
    return this.unluckyOne;
  }

  /** The root token's holder, at the gateway that nothing happens to. */
  get root(): Api {
    return new Api(this.other.url, this.other.rootToken);
  }

  /** Starts the unlucky one again where an accident has ended it. */
  async revive(): Promise<void> {
    const { exitCode, signalCode } = this.unluckyOne.child;
    if (exitCode === null && signalCode === null) return;
    const url = throughWire(this.throwaway, this.wire);
    this.unluckyOne = await start(this.dataDir, { ...this.env, DATABASE_URL: url });
  }

  /** Ends both and removes what they had. */
  async dispose(): Promise<void> {
    for (const gateway of [this.unluckyOne, this.other]) await gateway.dispose();
    await this.wire.close();
    await this.throwaway.drop();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

function start(dataDir: string, env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  return GatewayProcess.start({ dataDir, env });
}

function throughWire({ runtimeUrl, logins }: ThrowawayDatabase, { port }: CommitWire): string {
  return runtimeUrl.replace(`:${logins.port}/`, `:${port}/`);
}
