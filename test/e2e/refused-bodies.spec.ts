import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { Api, makeTenant, makeToken, type TestTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { fillPath, readOperations, type Operation } from '../support/operations.js';
import { exchange, head, statusOf } from '../support/raw-http.js';
import { bytesRead, pushBody } from '../support/refused-upload.js';
import { StoredState } from '../support/stored-state.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const KIB = 1024;

let gateway: GatewayProcess;
let stored: StoredState;
let tenant: TestTenant;
let idle: Api;
let withBody: Operation[];

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  const root = new Api(gateway.url, gateway.rootToken);
  tenant = await makeTenant(root);
  idle = await makeToken(root, tenant.id, { role: 'admin', scopes: ['usage:read'] });
  await tenant.editor.put('kept', 'kept');
  withBody = (await readOperations(root)).filter(({ secured, body }) => secured && body !== 'none');
  stored = await StoredState.of(gateway);
}, 60_000);

afterAll(async () => {
  await stored.close();
  await gateway.dispose();
});

const TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  raw: 'application/octet-stream',
  multipart: 'multipart/form-data; boundary=b',
};

/** The type and the length of a first piece are looked at after what tus itself wants to be told. */
const TUS_CREATION = [
  'Tus-Resumable: 1.0.0',
  `Upload-Length: ${6 * 1024 ** 4}`,
  'Content-Type: application/offset+octet-stream',
];

const targetOf = ({ path }: Operation): string =>
  fillPath(path, {
    tenant_id: tenant.id,
    sub_tenant_id: 'default',
    source_id: 'new',
    token_id: randomUUID(),
    upload_id: randomUUID(),
    upload: 'none',
  });

const typeOf = ({ body }: Operation): string => `Content-Type: ${TYPES[body] ?? ''}`;

/** Announces a body and waits for the end: everything that comes back while nothing of the body is sent. */
async function announce(
  operation: Operation,
  token: string | null,
  lines: readonly string[],
): Promise<string> {
  const bytes = head(operation.method, targetOf(operation), token, ['Expect: 100-continue', ...lines]);
  return await exchange(gateway.url, bytes, 'wait');
}

function expectFinal(received: string, status: number, name: string): void {
  expect([name, statusOf(received)]).toEqual([name, status]);
  expect(received.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  expect(received).toMatch(/\r\nconnection: close\r\n/i);
  expect(received).toMatch(/\}$/);
}

describe('UP-15: an announced body that is not wanted', () => {
  const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;

  it.each<[string, number, () => string | null]>([
    ['without a token', 401, () => null],
    ['with a bad token', 401, () => 'gth_nobody'],
    ['with a token that lacks the scope', 403, () => idle.token],
  ])('gets the final answer alone %s, on every operation with a body', async (_, status, token) => {
    for (const operation of withBody) {
      const received = await announce(operation, token(), [typeOf(operation), 'Content-Length: 500']);
      expectFinal(received, status, nameOf(operation));
    }
  });

  it('gets 413 alone when it is declared too large', async () => {
    // An upload by tus has its size from the beginning, and only what is beyond that is too large.
    for (const operation of withBody.filter(({ path }) => path !== '/v1/tus/{upload_id}')) {
      const tus = operation.path === '/v1/tus' ? TUS_CREATION : [typeOf(operation)];
      const lines = [...tus, `Content-Length: ${6 * 1024 ** 4}`];
      const needsRoot = operation.scopes.every((scope) => scope === 'tenants:manage');
      const token = needsRoot ? gateway.rootToken : tenant.admin.token;
      expectFinal(await announce(operation, token, lines), 413, nameOf(operation));
    }
  });

  it('gets 415 alone when it is of a type or a coding that is not read', async () => {
    for (const operation of withBody) {
      const needsRoot = operation.scopes.every((scope) => scope === 'tenants:manage');
      const token = needsRoot ? gateway.rootToken : tenant.admin.token;
      const coded = [typeOf(operation), 'Content-Length: 500', 'Content-Encoding: gzip'];
      expectFinal(await announce(operation, token, coded), 415, nameOf(operation));
      // A raw body may be of any type.
      if (operation.body === 'raw') continue;
      for (const framing of ['Content-Length: 500', 'Transfer-Encoding: chunked']) {
        const typed = ['Content-Type: text/plain', framing];
        expectFinal(await announce(operation, token, typed), 415, nameOf(operation));
      }
    }
  });

  it.each<[string, number, () => string | null, string, string[]]>([
    ['the role may not replace', 403, () => tenant.uploader.token, 'kept', []],
    ['the condition fails', 412, () => tenant.editor.token, 'kept', ['If-Match: "x"']],
    ['there is no such sub-tenant', 404, () => tenant.editor.token, 'new', ['X-Sub-Tenant-Id: nowhere']],
    ['the tenant is another', 403, () => tenant.editor.token, 'new', ['X-Tenant-Id: another']],
  ])('gets the final answer alone when %s', async (name, status, token, id, lines) => {
    const operation = { method: 'PUT', path: `/v1/sources/${id}/content`, body: 'raw' } as Operation;
    expectFinal(await announce(operation, token(), ['Content-Length: 5', ...lines]), status, name);
  });

  it('leaves nothing behind', async () => {
    expect((await tenant.viewer.get('/v1/sources')).json.data).toHaveLength(1);
    expect((await tenant.viewer.get('/v1/sources/kept/content')).text).toBe('kept');
  });
});

describe('UP-15: a body that is sent without asking and is not wanted', () => {
  /** What is offered: far more than the buffers of both ends of a connection hold (tcp(7): 6 MiB and 4 MiB). */
  const OFFERED = 64 * 1024 * KIB;
  const BUFFERS = 16 * 1024 * KIB;
  /**
   * Most that the gateway may take from a connection on average: the reads of 64 KiB that a request buffers before
   * anybody wants its body, and one that is under way at the refusal.
   */
  const CONSUMED = 3 * 64 * KIB;

  it('is left in the network, the client reads the answer, and nothing is stored', async () => {
    const before = await stored.read();
    const cases = withBody.flatMap((operation) =>
      [null, 'gth_nobody', idle.token].map((token, index) => ({
        operation,
        token,
        chunked: index % 2 === 1,
      })),
    );
    const readBefore = await bytesRead(gateway.pid);
    const uploads = cases.map(async ({ operation, token, chunked }) => {
      const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${2 * OFFERED}`;
      const start = head(operation.method, targetOf(operation), token, [typeOf(operation), framing]);
      return await pushBody(gateway.url, start, { limit: OFFERED, chunked });
    });
    for (const [index, { received, written }] of (await Promise.all(uploads)).entries()) {
      const { operation, token } = cases[index] as (typeof cases)[number];
      expectFinal(received, token === idle.token ? 403 : 401, `${operation.method} ${operation.path}`);
      expect(written).toBeLessThan(BUFFERS);
    }
    expect((await bytesRead(gateway.pid)) - readBefore).toBeLessThan(cases.length * CONSUMED);
    expect(await stored.read()).toEqual(before);
  });
});
