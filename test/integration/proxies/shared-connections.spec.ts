import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';

import { expectStatus, freshId, makeTenant, type TestTenant } from '../../support/api.js';
import { CountingWire, DEPLOYED_PROXIES } from '../../support/deployed-proxies.js';
import type { ForegroundServer } from '../../support/foreground-server.js';
import { describeWith } from '../../support/programs.js';
import { sharedGateway } from '../../support/shared-gateway.js';
import { readAll } from '../../support/slow-client.js';

jest.setTimeout(60_000);

const REQUESTS = 500;
const CALLERS = 12;
const TENANTS = 4;
/** The id of a source that every tenant has, each with its own words. */
const ID = freshId('same');

/** One kind of request, and what a tenant has to get for it. */
interface Errand {
  readonly method: string;
  readonly path: string;
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly status: number;
  readonly text?: string;
}

const bodyOf = (tenant: TestTenant): string => `of ${tenant.id} `.repeat(50);

/** What a tenant asks for, in turn: whole, part, nothing at all, refused early and late, with bodies and without. */
function errands(tenant: TestTenant): readonly Errand[] {
  const path = `/v1/sources/${ID}/content`;
  const fetched = JSON.stringify({ tenant_id: tenant.id, source_id: ID });
  const json = { 'content-type': 'application/json' };
  const plain = { 'content-type': 'text/plain' };
  return [
    { method: 'GET', path, status: 200, text: bodyOf(tenant) },
    { method: 'HEAD', path, status: 200, text: '' },
    { method: 'PUT', path, token: null, body: 'x'.repeat(200_000), status: 401 },
    { method: 'GET', path, headers: { range: 'bytes=3-20' }, status: 206, text: bodyOf(tenant).slice(3, 21) },
    { method: 'POST', path: '/fetch/content', headers: json, body: fetched, status: 200 },
    { method: 'GET', path, headers: { 'if-none-match': '*' }, status: 304, text: '' },
    { method: 'GET', path: `/v1/sources/${freshId('none')}`, status: 404 },
    { method: 'POST', path: '/fetch/content', headers: json, body: '{"tenant_id":', status: 400 },
    { method: 'PUT', path, headers: plain, body: bodyOf(tenant), status: 200 },
    { method: 'PUT', path, token: tenant.viewer.token, body: 'x'.repeat(200_000), status: 403 },
    { method: 'GET', path: '/v1/me', status: 200 },
  ];
}

for (const { file, program, startSharing } of DEPLOYED_PROXIES)
  describeWith([program], `connections shared through ${file}`, () => {
    const { root, url } = sharedGateway();
    let wire: CountingWire;
    let proxy: ForegroundServer;
    let tenants: TestTenant[];
    const agent = new Agent({ keepAlive: true, maxSockets: CALLERS });

    beforeAll(async () => {
      wire = await CountingWire.to(url);
      proxy = await startSharing(wire.url);
      tenants = await Promise.all(Array.from({ length: TENANTS }, () => makeTenant(root)));
      for (const tenant of tenants)
        expectStatus(await tenant.editor.put(ID, bodyOf(tenant), { 'content-type': 'text/plain' }), 201);
    });

    afterAll(async () => {
      agent.destroy();
      await proxy.stop();
      await wire.close();
    });

    /**
     * Sends a request and answers the response. A proxy may end a kept connection in the moment in which it is used
     * again; a request that met that was not answered, and is sent once more as RFC 9112 §9.3.1 allows.
     */
    async function send(tenant: TestTenant, errand: Errand, id: string): Promise<IncomingMessage> {
      const { method, path, token = tenant.editor.token, headers, body } = errand;
      const outgoing = request(`${proxy.url}${path}`, {
        method,
        agent,
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-length': body.length }),
          ...headers,
          'x-request-id': id,
        },
      });
      const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
      outgoing.on('error', () => undefined);
      outgoing.end(body);
      try {
        const [response] = await answered;
        return response;
      } catch (error) {
        if (!outgoing.reusedSocket) throw error;
        return await send(tenant, errand, id);
      }
    }

    /** Goes on an errand and looks at what came back; the request's id has to be this request's own. */
    async function run(tenant: TestTenant, errand: Errand): Promise<void> {
      const { method, path, status, text } = errand;
      const id = randomUUID();
      const response = await send(tenant, errand, id);
      const answer = await readAll(response);
      expect([method, path, answer.status, response.headers['x-request-id']]).toEqual([
        method,
        path,
        status,
        id,
      ]);
      if (text !== undefined) expect(answer.text).toBe(text);
      const others = tenants.filter((other) => other !== tenant);
      for (const other of others) expect(answer.text).not.toContain(other.id);
      if (status === 200 && path !== '/v1/me' && method !== 'HEAD') expect(answer.text).toContain(tenant.id);
    }

    it('gives each of 500 requests of many tenants its own answer, refused uploads between them', async () => {
      const before = wire.connections;
      let next = 0;
      const caller = async (): Promise<void> => {
        for (let number = next++; number < REQUESTS; number = next++) {
          const tenant = tenants[number % TENANTS] as TestTenant;
          const all = errands(tenant);
          await run(tenant, all[number % all.length] as Errand);
        }
      };
      await Promise.all(Array.from({ length: CALLERS }, caller));
      // Without sharing there would be one for each request.
      expect(wire.connections - before).toBeLessThan(REQUESTS / 2);
    });
  });
