import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A planner that knows nothing of a table yet takes any index that begins with the tenant to be as good as the one that has
 * all of a key, and reads all that a tenant has for each upload. So of the indexes of sources only the primary key can serve
 * a look for an id: the others ask for what only those say who want them. `version > 0` is true of every row.
 * Nobody looks for a name by an index, and what has no external id needs no entry to say so.
 */
const SQL = `
DROP INDEX sources_name;
DROP INDEX sources_external_id;
CREATE UNIQUE INDEX sources_external_id ON sources (tenant_id, sub_tenant_id, external_id) WHERE external_id IS NOT NULL;
DROP INDEX sources_newest;
CREATE INDEX sources_newest ON sources (tenant_id, sub_tenant_id, created_at, source_id) WHERE version > 0;
`;

/** Indexes of sources that are not mistaken for one another. */
export class LookupsByKey1796650000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SQL);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
