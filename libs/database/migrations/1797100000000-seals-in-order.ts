import type { MigrationInterface, QueryRunner } from 'typeorm';

import { OVER } from './audit/audit-seal-functions.sql.js';
import { UNSEALED_ENTRIES_SQL } from './audit/unsealed-entries.sql.js';

/**
 * Where nothing was ever written, everything before is sealed: without this, all that comes until the first batches would be
 * looked for entry by entry. Asked as the role that sees every tenant's entries.
 */
const BEGIN_SQL = `
SET LOCAL ROLE gatehold_directory;
UPDATE audit_progress SET server = c.system_identifier, horizon = ${OVER}
FROM pg_control_system() c WHERE server = 0 AND NOT EXISTS (SELECT FROM audit_entries);
RESET ROLE;
`;

/** What waits to be sealed is found in the order in which it was written, and not anew for every page of it. */
export class SealsInOrder1797100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [UNSEALED_ENTRIES_SQL, BEGIN_SQL]) await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
