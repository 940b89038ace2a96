import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, makeUnboundTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { ThrowawayDatabase, withClient } from '../support/test-database.js';

jest.setTimeout(120_000);

let throwaway: ThrowawayDatabase;

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
});

afterAll(() => throwaway.drop());

describe('OP-06: a gateway that is killed in the midst of changes', () => {
  it('leaves an entry for every one that was answered, and none for one that did not come about', async () => {
    const gateway = await GatewayProcess.start({
      env: { DATABASE_URL: throwaway.runtimeUrl, DATABASE_MIGRATION_URL: throwaway.ownerUrl },
    });
    const answered: string[] = [];
    try {
      const tenant = await makeUnboundTenant(new Api(gateway.url, gateway.rootToken));
      let isKilled = false;
      const upload = async (caller: number): Promise<void> => {
        for (let nth = 0; !isKilled; nth += 1) {
          const answer = await tenant.editor.put(`${caller}-${nth}`, 'x');
          if (answer.status === 201) answered.push(answer.json.source_id as string);
          if (answered.length < 100) continue;
          isKilled = true;
          gateway.child.kill('SIGKILL');
        }
      };
      await Promise.allSettled(Array.from({ length: 8 }, (_, caller) => upload(caller)));
    } finally {
      await gateway.dispose();
    }
    expect(answered.length).toBeGreaterThanOrEqual(100);
    await withClient(throwaway.ownerUrl, async (client) => {
      const { rows } = await client.query<{ made: string; told: string }>(
        `SELECT s.source_id AS made, a.target_id AS told FROM sources s
         FULL JOIN (SELECT target_id FROM audit_entries WHERE action = 'source.create') a
         ON a.target_id = s.source_id::text`,
      );
      expect(rows.length).toBeGreaterThanOrEqual(answered.length);
      for (const { made, told } of rows) expect(told).toBe(made);
      const told = new Set(rows.map((row) => row.told));
      for (const id of answered) expect(told.has(id)).toBe(true);
    });
  });
});
