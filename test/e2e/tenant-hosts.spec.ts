import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';

import { Api, freshId, makeTenant, type TestTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';

jest.setTimeout(60_000);

let gateway: GatewayProcess;
let acme: TestTenant;
let other: TestTenant;

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: { GATEHOLD_TENANT_HOSTS: '{tenant}.files.test' } });
  const root = new Api(gateway.url, gateway.rootToken);
  acme = await makeTenant(root, freshId('acme-'));
  other = await makeTenant(root, freshId('other-'));
});
afterAll(() => gateway.dispose());

/** The status of `GET /v1/me` and the tenant, or the error's code, that is answered at a host. */
async function meAt(token: string | null, headers: Record<string, string>): Promise<unknown[]> {
  const sent = request(`${gateway.url}/v1/me`, {
    headers: { authorization: `Bearer ${token ?? ''}`, ...headers },
  });
  const [answer] = (await once(sent.end(), 'response')) as [IncomingMessage];
  const { code, tenant_id: tenantId } = (await json(answer)) as Record<string, unknown>;
  return [answer.statusCode, code ?? tenantId];
}

describe('GATEHOLD_TENANT_HOSTS', () => {
  it('names the tenant that a token of the platform acts in', async () => {
    const { rootToken } = gateway;
    expect(await meAt(rootToken, { host: `${acme.id}.files.test` })).toEqual([200, acme.id]);
    expect(await meAt(rootToken, { host: `${acme.id.toUpperCase()}.FILES.test:8080` })).toEqual([
      200,
      acme.id,
    ]);
    expect(await meAt(rootToken, { host: 'files.test' })).toEqual([200, null]);
    expect(await meAt(rootToken, { host: `${freshId('t')}.files.test` })).toEqual([404, 'tenant_not_found']);
  });

  it('AN-16: is never more than the token: at another tenant’s host it is refused', async () => {
    const { token } = acme.editor;
    expect(await meAt(token, { host: `${acme.id}.files.test` })).toEqual([200, acme.id]);
    expect(await meAt(token, { host: 'anything.test' })).toEqual([200, acme.id]);
    expect(await meAt(token, { host: `${other.id}.files.test` })).toEqual([403, 'tenant_mismatch']);
  });

  it('does not go together with a header that names another one', async () => {
    const headers = { host: `${acme.id}.files.test`, 'x-tenant-id': other.id };
    expect(await meAt(gateway.rootToken, headers)).toEqual([403, 'tenant_mismatch']);
  });

  it('PS-16: a forwarded host of a peer that is no trusted proxy counts for nothing', async () => {
    const headers = { host: 'gateway.test', 'x-forwarded-host': `${acme.id}.files.test` };
    expect(await meAt(gateway.rootToken, headers)).toEqual([200, null]);
  });
});
