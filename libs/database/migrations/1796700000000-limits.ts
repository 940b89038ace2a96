import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a tenant and a token are limited to: an object with the limits that the kernel names, or null where there are none.
 * In one column, since it is read with every request and looked into only where it is not null.
 */
const SQL = `
ALTER TABLE tenants ADD COLUMN limits jsonb CHECK (jsonb_typeof(limits) = 'object');
ALTER TABLE tokens ADD COLUMN limits jsonb CHECK (jsonb_typeof(limits) = 'object');
`;

/** Limits of requests, transfers and bytes sent. */
export class Limits1796700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SQL);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
