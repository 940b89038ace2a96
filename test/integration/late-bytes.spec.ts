import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';

import { Api, makeTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { filesUnder } from '../support/gateway-inside.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { asOwner } from '../support/owner-connection.js';
import { beginUpload } from '../support/slow-client.js';

jest.setTimeout(60_000);

let gateway: GatewayProcess;
let tenant: TestTenant;

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: { GATEHOLD_RECONCILE_INTERVAL_SECONDS: '0' } });
  tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
});

afterAll(() => gateway.dispose());

async function count(table: 'uploads' | 'outbox'): Promise<number> {
  return await asOwner(gateway.dataDir, async (client) => {
    const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
    return rows[0]?.count ?? -1;
  });
}

/** Ends all writes, as the clock does to those of a gateway that stands still, and waits until they are cleared away. */
async function sweep(): Promise<void> {
  await asOwner(gateway.dataDir, (client) => client.query('UPDATE uploads SET expires_at = now()'));
  await eventually('the write was swept', async () => (await count('uploads')) === 0);
  await eventually('its object was removed', async () => (await count('outbox')) === 0);
}

function objects(): Promise<string[]> {
  return filesUnder(join(gateway.dataDir, 'objects'));
}

describe('bytes that come after their write was swept (CF-09, CF-11)', () => {
  it('are no source, and are removed as soon as that is known', async () => {
    const late = await beginUpload(gateway.url, tenant.editor.token ?? '', 'late', {
      'content-length': '10',
    });
    late.request.write('01234');
    await eventually('the write is under way', async () => (await count('uploads')) === 1);
    await sweep();
    late.request.end('56789');
    const { status, text } = await late.answer;
    expect([status, JSON.parse(text)]).toMatchObject([409, { code: 'upload_ended' }]);
    await eventually('nothing is left of it', async () => (await objects()).length === 0);
    expect(await count('outbox')).toBe(0);
    expect((await tenant.viewer.get('/v1/sources/late')).status).toBe(404);
  });

  it('are kept where they were committed', async () => {
    const kept = await tenant.editor.put('kept', 'kept');
    expect(kept.status).toBe(201);
    await sweep();
    expect(await objects()).toHaveLength(1);
    expect((await tenant.viewer.get('/v1/sources/kept/content')).text).toBe('kept');
  });
});
