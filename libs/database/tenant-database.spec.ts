import { describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { TenantDatabase } from './tenant-database.js';

const STATEMENT = { name: 'one', text: 'SELECT 1', values: [] };

/** Fails the test when a connection is asked for. */
const unreachable = {
  createQueryRunner: () => {
    throw new Error('A connection was taken.');
  },
} as unknown as DataSource;
const database = new TenantDatabase(unreachable);

describe('TenantDatabase', () => {
  it.each(['', undefined, null, 0, {}, ['acme']])(
    'AZ-12: does nothing for %p, which names no tenant, before a connection is taken',
    async (tenant) => {
      const id = tenant as string;
      const refusal = 'Tenant-scoped work needs a tenant.';
      expect(() => database.query(id, STATEMENT)).toThrow(refusal);
      expect(() => database.queryByKey(id, STATEMENT)).toThrow(refusal);
      await expect(database.transaction(id, async () => 'done')).rejects.toThrow(refusal);
    },
  );

  it('takes a connection for one that is named', async () => {
    await expect(database.query('acme', STATEMENT)).rejects.toThrow('A connection was taken.');
  });
});
