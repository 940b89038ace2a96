import type { MigrationInterface, QueryRunner } from 'typeorm';

import { DIRECTORY_SQL } from './initial/directory.sql.js';
import { ROLES_SQL } from './initial/roles.sql.js';
import { TABLES_SQL } from './initial/tables.sql.js';
import { WALLS_SQL } from './initial/walls.sql.js';

/**
 * The whole first data model: roles, tables, row-level security, the tenant directory.
 * Migrations go forward only: a release is undone by restoring the database, not by a `down` that drops data.
 */
export class Initial1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [ROLES_SQL, TABLES_SQL, WALLS_SQL, DIRECTORY_SQL]) await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
