import type { MigrationInterface, QueryRunner } from 'typeorm';

import { AUDIT_TABLE_SQL } from './audit/audit-table.sql.js';
import { AUDIT_TRIGGERS_SQL } from './audit/audit-triggers.sql.js';

/** The audit log, and what writes every change that a request makes into it. */
export class AuditLog1796900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [AUDIT_TABLE_SQL, ...AUDIT_TRIGGERS_SQL]) await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
