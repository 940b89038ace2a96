import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, makeUnboundTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { startInProcess, type InProcessGateway } from '../support/in-process-gateway.js';
import { ThrowawayDatabase, withClient } from '../support/test-database.js';

jest.setTimeout(60_000);

let throwaway: ThrowawayDatabase;

beforeEach(async () => {
  throwaway = await ThrowawayDatabase.create();
});

afterEach(() => throwaway.drop());

async function owner<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return await withClient(
    throwaway.ownerUrl,
    async (client) => (await client.query(text, values)).rows as Row[],
  );
}

async function readsOf(tenant: TestTenant): Promise<number> {
  const [row] = await owner<{ count: number }>(
    "SELECT count(*)::int AS count FROM audit_entries WHERE tenant_id = $1 AND action = 'source.read'",
    [tenant.id],
  );
  return row?.count ?? -1;
}

async function withGateway(
  mode: string,
  work: (tenant: TestTenant, gateway: InProcessGateway) => Promise<void>,
): Promise<void> {
  const gateway = await startInProcess(throwaway, throwaway.runtimeUrl, { GATEHOLD_AUDIT_READS: mode });
  try {
    const tenant = await makeUnboundTenant(new Api(gateway.url, gateway.rootToken));
    expectStatus(await tenant.editor.put('small', 'bytes'), 201);
    expectStatus(await tenant.editor.put('large', Buffer.alloc(300_000, 'x')), 201);
    await work(tenant, gateway);
  } finally {
    await gateway.close();
  }
}

/** While the log cannot be written. */
async function whileUnwritable(work: () => Promise<void>): Promise<void> {
  await owner('REVOKE INSERT ON audit_entries FROM gatehold_runtime');
  try {
    await work();
  } finally {
    await owner('GRANT INSERT ON audit_entries TO gatehold_runtime');
  }
}

describe('OP-06: GATEHOLD_AUDIT_READS', () => {
  it('strict: what is answered is in the log by then', async () => {
    await withGateway('strict', async (tenant) => {
      for (const [index, id] of ['small', 'large', 'small'].entries()) {
        expectStatus(await tenant.viewer.get(`/v1/sources/${id}/content`), 200);
        expect(await readsOf(tenant)).toBe(index + 1);
      }
    });
  });

  it('strict: nothing is handed out that cannot be written down', async () => {
    await withGateway('strict', async (tenant) => {
      await whileUnwritable(async () => {
        for (const id of ['small', 'large']) {
          const answer = await tenant.viewer.get(`/v1/sources/${id}/content`);
          expect(answer.status).toBeGreaterThanOrEqual(500);
          expect(answer.json).toMatchObject({ code: 'internal_error' });
          expect(answer.headers.get('content-disposition')).toBeNull();
          expect(answer.headers.get('etag')).toBeNull();
        }
      });
      expectStatus(await tenant.viewer.get('/v1/sources/large/content'), 200);
    });
  });

  it('buffered: what cannot be written down is handed out, and written when it can be', async () => {
    await withGateway('buffered', async (tenant) => {
      await whileUnwritable(async () => {
        expectStatus(await tenant.viewer.get('/v1/sources/small/content'), 200);
      });
      await eventually('the read is in the log', async () => (await readsOf(tenant)) === 1);
    });
  });

  it('buffered: an orderly stop loses nothing', async () => {
    let tenant: TestTenant | undefined;
    await withGateway('buffered', async (made) => {
      tenant = made;
      await Promise.all(
        Array.from({ length: 50 }, () => made.viewer.get('/v1/sources/small/content').then((a) => a.status)),
      );
    });
    expect(tenant && (await readsOf(tenant))).toBe(50);
  });

  it('off: reads are in no log', async () => {
    let tenant: TestTenant | undefined;
    await withGateway('off', async (made) => {
      tenant = made;
      expectStatus(await made.viewer.get('/v1/sources/small/content'), 200);
    });
    expect(tenant && (await readsOf(tenant))).toBe(0);
  });
});
