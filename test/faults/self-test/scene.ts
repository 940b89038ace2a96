import { Agent } from 'node:http';

import type { Owner } from '../content/owner.js';
import type { Run } from '../run.js';
import { Turn } from '../workload/turn.js';
import type { FilesystemPlace } from '../world/filesystem-place.js';

/** A client of its own. */
const CLIENT = 101;

/** A source that is there, and that nothing has been done to yet. */
export interface Victim {
  readonly owner: Owner;
  readonly sourceId: string;
  readonly externalId: string;
  readonly objectKey: string;
  readonly sizeBytes: number;
}

/** What a saboteur works with, while all clients pause. */
export class Scene {
  readonly #agent = new Agent();
  readonly #used = new Set<string>();

  constructor(readonly run: Run) {}

  get place(): FilesystemPlace {
    const { place } = this.run.world;
    if (place.storage !== 'filesystem') throw new Error('The self-test is for the filesystem.');
    return place;
  }

  /** A source that has bytes, another one each time. */
  async victim(): Promise<Victim> {
    const { postgres, owners } = this.run.world;
    const rows = await postgres.query<Omit<Victim, 'owner'> & { tenantId: string; subTenantId: string }>(
      VICTIMS,
    );
    const row = rows.find(({ sourceId }) => !this.#used.has(sourceId));
    if (row === undefined) throw new Error('No source is left that nothing has been done to.');
    this.#used.add(row.sourceId);
    const owner = owners.find(
      ({ tenantId, subTenantId }) => tenantId === row.tenantId && subTenantId === row.subTenantId,
    );
    if (owner === undefined) throw new Error(`Source ${row.sourceId} is nobody’s.`);
    return { ...row, owner };
  }

  /** Changes rows past the gateways; throws unless it changed exactly one. */
  async changeRow(text: string, values: readonly unknown[]): Promise<void> {
    const changed = await this.run.world.postgres.query(`${text} RETURNING 1`, values);
    if (changed.length !== 1) throw new Error(`${changed.length} rows instead of one: ${text}`);
  }

  /** A client's turn at an owner's sources. */
  turn(name: string, owner: Owner): Turn {
    return new Turn(this.run, CLIENT, this.run.choices.fork(name), owner, this.#agent);
  }

  close(): void {
    this.#agent.destroy();
  }
}

const VICTIMS = `SELECT tenant_id AS "tenantId", sub_tenant_id AS "subTenantId", source_id AS "sourceId",
  external_id AS "externalId", object_key AS "objectKey", size_bytes::float8 AS "sizeBytes"
FROM sources WHERE status = 'available' AND external_id LIKE 'slot-%' AND size_bytes > 1000 ORDER BY source_id`;
