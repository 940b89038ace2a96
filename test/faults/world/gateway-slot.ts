import { openDescriptors } from '../../support/open-descriptors.js';
import { FrontProxy } from '../wire/front-proxy.js';
import { PostgresProxy } from '../wire/postgres-proxy.js';
import { GatewayProcess } from './gateway-process.js';

/** How a slot starts its gateways. */
export interface GatewaySettings {
  readonly name: string;
  /** `databasePort`: the port that the gateway reaches PostgreSQL at. */
  readonly env: (databasePort: number) => Readonly<Record<string, string>>;
}

/** One of the two gateways: an address that stays, and the processes that come and go behind it. */
export class GatewaySlot {
  #gateway: GatewayProcess | null = null;
  /** What processes wrote that are gone. */
  #past = '';
  #wanted = false;
  #unexpectedEnds = 0;

  private constructor(
    private readonly settings: GatewaySettings,
    readonly front: FrontProxy,
    readonly database: PostgresProxy,
  ) {}

  static async make(settings: GatewaySettings, postgresPort: number): Promise<GatewaySlot> {
    const slot = new GatewaySlot(settings, await FrontProxy.open(), await PostgresProxy.open());
    slot.database.leadTo(postgresPort);
    return slot;
  }

  get name(): string {
    return this.settings.name;
  }

  /** Where clients reach it. */
  get url(): string {
    return this.front.url;
  }

  /** Where the process itself listens. */
  get directUrl(): string {
    return this.#running.url;
  }

  get pid(): number {
    return this.#running.pid;
  }

  /** False when the process ended although nobody here ended it. */
  get isAlive(): boolean {
    return !this.#wanted || this.#running.isRunning;
  }

  /** How often a process ended although nobody here ended it, since this was last asked. */
  takeUnexpectedEnds(): number {
    const count = this.#unexpectedEnds;
    this.#unexpectedEnds = 0;
    return count;
  }

  /** Starts a process and resolves when it is ready. */
  async start(): Promise<void> {
    const gateway = await GatewayProcess.start(this.settings.env(this.database.port));
    this.#gateway = gateway;
    this.#wanted = true;
    this.front.leadTo(Number(new URL(gateway.url).port));
    void gateway.ended().then(() => {
      if (this.#gateway !== gateway) return;
      // Its port may be somebody else's by now.
      this.front.leadTo(null);
      if (this.#wanted) this.#unexpectedEnds += 1;
    });
  }

  /** Kills the process with no warning, unless something else has done so; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#wanted = false;
    await this.#running.end('SIGKILL');
    this.#bury();
  }

  /** Says that the process is about to be ended by somebody else. */
  expectEnd(): void {
    this.#wanted = false;
  }

  /** Asks it to stop as an operator would; resolves with the exit code when it is gone. */
  async stop(): Promise<number | null> {
    this.#wanted = false;
    const code = await this.#running.end('SIGTERM');
    this.#bury();
    return code;
  }

  /** Resolves when the process is gone, whoever ended it. */
  async ended(): Promise<void> {
    await this.#running.ended();
  }

  /** Halts it where it stands. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** What it has open, by kind; see `openDescriptors`. */
  descriptors(): Promise<string[]> {
    return openDescriptors(this.pid);
  }

  /** What its processes have written since this was last asked. */
  takeLog(): string {
    this.#bury();
    const log = this.#past;
    this.#past = '';
    return log;
  }

  async close(): Promise<void> {
    if (this.#gateway !== null) await this.kill();
    await this.front.close();
    await this.database.close();
  }

  #bury(): void {
    this.#past += this.#gateway?.takeLog() ?? '';
  }

  get #running(): GatewayProcess {
    if (this.#gateway === null) throw new Error(`${this.name} has not been started.`);
    return this.#gateway;
  }
}
