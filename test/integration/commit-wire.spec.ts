import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { CommitWire } from '../support/commit-wire.js';
import { ThrowawayDatabase, withClient } from '../support/test-database.js';

let throwaway: ThrowawayDatabase;
let wire: CommitWire;
let url: string;

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  wire = await CommitWire.to(throwaway.logins.port);
  url = throwaway.ownerUrl.replace(`:${throwaway.logins.port}/`, `:${wire.port}/`);
});

afterAll(async () => {
  await wire.close();
  await throwaway.drop();
});

it.each(['commit', 'answer'] as const)(
  'loses the %s of the transaction that names the marker, and of no other that has named it or does so later',
  async (lost) => {
    await withClient(url, async (bystander) => {
      await withClient(url, async (victim) => {
        victim.on('error', () => undefined);
        const gone = wire.loseNext(lost, 'the marker');
        await bystander.query({ name: 'look', text: 'SELECT $1::text', values: ['the marker'] });
        // As the end of a single query is prepared on a connection that is new.
        await bystander.query({ name: 'commit', text: 'COMMIT' });
        await victim.query('BEGIN');
        await victim.query('SELECT $1::text', ['the marker']);
        await expect(victim.query('COMMIT')).rejects.toThrow();
        await gone;
      });
      for (const text of ['BEGIN', "SELECT 'the marker'", 'COMMIT']) await bystander.query(text);
    });
  },
);
