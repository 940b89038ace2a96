import { Agent } from 'node:http';

import type { Run } from '../run.js';
import { OPERATIONS } from '../operations/operations.js';
import type { Operation } from './operation.js';
import { Turn } from './turn.js';

export const CLIENTS = 8;

/** A client that does one thing after the other, until it is told to pause. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #operations: readonly Operation[];
  #turns = 0;
  #paused = true;
  #working: Promise<void> = Promise.resolve();
  /** Why it stopped by itself: a mistake of the harness's, never of a gateway's. */
  failure: Error | null = null;

  constructor(
    private readonly run: Run,
    private readonly number: number,
  ) {
    this.#operations = OPERATIONS.filter(({ needs }) => needs === undefined || run.routes.has(needs));
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#working = this.#work().catch((error: unknown) => void (this.failure ??= error as Error));
  }

  /** Resolves when what it is doing is done. */
  async pause(): Promise<void> {
    this.#paused = true;
    await this.#working;
    if (this.failure !== null) throw this.failure;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #work(): Promise<void> {
    while (!this.#paused) {
      this.#turns += 1;
      const choices = this.run.choices.fork(`client/${this.number}/${this.#turns}`);
      const owner = this.#ownerFor(choices.between(0, 1));
      const operation = choices.weighted(this.#operations);
      await operation.run(new Turn(this.run, this.number, choices.fork(operation.name), owner, this.#agent));
    }
  }

  /** Every client is at home in one tenant, and at work in both of its sub-tenants. */
  #ownerFor(subTenant: number): Turn['owner'] {
    const { owners } = this.run.world;
    const tenants = owners.length / 2;
    const owner = owners[(this.number % tenants) * 2 + subTenant];
    if (owner === undefined) throw new Error('There is no such owner.');
    return owner;
  }
}
