import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, makeTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { untilFiles } from '../support/gateway-inside.js';
import { asOwner } from '../support/owner-connection.js';
import { head, statusOf } from '../support/raw-http.js';
import { RawPeer } from '../support/raw-peer.js';

jest.setTimeout(60_000);

const WINDOW_MS = 1_000;
/** Far below the 512 bytes a second that are asked for, and still never silent. */
const DRIP_MS = 100;
const POOL = 2;
const FORM = 'multipart/form-data; boundary=b';
const FILE_PART = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';

let gateway: GatewayProcess;
let tenant: TestTenant;
let editor: Api;

beforeAll(async () => {
  gateway = await GatewayProcess.start({
    env: {
      GATEHOLD_MINIMUM_RATE_SECONDS: String(WINDOW_MS / 1000),
      GATEHOLD_HEADER_TIMEOUT_SECONDS: '1',
      GATEHOLD_KEEP_ALIVE_SECONDS: '1',
      DATABASE_POOL_SIZE: String(POOL),
    },
  });
  tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
  editor = tenant.editor;
  expectStatus(await editor.put('kept', 'as it was'), 201);
});

afterAll(() => gateway.dispose());

/** Begins a request whose body comes a byte at a time. */
async function dripping(
  method: string,
  path: string,
  headers: readonly string[],
  begun = '',
): Promise<RawPeer> {
  const peer = await RawPeer.open(gateway.url);
  await peer.send(head(method, path, editor.token, headers) + begun);
  return peer.drip(headers.includes('Transfer-Encoding: chunked') ? '1\r\nx\r\n' : 'x', DRIP_MS);
}

async function uploadRows(): Promise<number> {
  return await asOwner(gateway.dataDir, async (client) => {
    const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM uploads');
    return rows[0]?.count ?? -1;
  });
}

const JSON_TYPE = 'Content-Type: application/json';
const LENGTH = 'Content-Length: 4000';
const CHUNKED = 'Transfer-Encoding: chunked';
const FORM_TYPE = `Content-Type: ${FORM}`;

describe('a body that drips (UP-06)', () => {
  const CASES = [
    ['a raw body', 'PUT', '/v1/sources/slow-raw/content', [LENGTH], ''],
    ['a chunked body', 'PUT', '/v1/sources/slow-chunked/content', [CHUNKED], ''],
    ['a replacement', 'PUT', '/v1/sources/kept/content', [LENGTH], ''],
    ['a file in a form', 'POST', '/v1/sources', [LENGTH, FORM_TYPE], FILE_PART],
    ['a chunked form', 'POST', '/v1/sources', [CHUNKED, FORM_TYPE], ''],
    ['the head of a part', 'POST', '/v1/sources', [LENGTH, FORM_TYPE], '--b\r\nContent-Dispo'],
    ['what follows the file', 'POST', '/v1/sources', [LENGTH, FORM_TYPE], `${FILE_PART}whole\r\n--b\r\nA`],
    ['JSON', 'PATCH', '/v1/sources/kept', [LENGTH, JSON_TYPE], '{"name":"'],
    ['chunked JSON', 'POST', '/v1/sources/kept/links', [CHUNKED, JSON_TYPE], ''],
    ['a body that nobody asked for', 'DELETE', '/v1/sources/kept', [LENGTH], ''],
  ] as const;
  const answers = new Map<string, string>();

  beforeAll(async () => {
    await Promise.all(
      CASES.map(async ([what, method, path, headers, begun]) => {
        answers.set(what, await (await dripping(method, path, headers, begun)).closed);
      }),
    );
  });

  it.each(CASES.map(([what]) => what))('of %s is answered with 408 and cut', (what) => {
    const received = answers.get(what) ?? '';
    expect(statusOf(received)).toBe(408);
    expect(received).toMatch(/^Connection: close\r$/im);
    expect(received).toMatch(/^Content-Type: application\/problem\+json/im);
    expect(JSON.parse(received.slice(received.indexOf('\r\n\r\n')))).toMatchObject({
      status: 408,
      code: 'request_timeout',
      title: 'The request came too slowly',
    });
  });

  it('changes nothing', async () => {
    const { data } = (await editor.get('/v1/sources')).json as { data: { name: string }[] };
    expect(data.map(({ name }) => name)).toEqual(['kept']);
    expect((await editor.get('/v1/sources/kept/content')).text).toBe('as it was');
    expect(await uploadRows()).toBe(0);
    expect(await untilFiles(gateway.dataDir, editor, 1)).toHaveLength(1);
  });

  it('of a compatible call is answered with 408 in its own family', async () => {
    const peer = await dripping('POST', '/fetch/fetch-source-content', [LENGTH, JSON_TYPE], '{"tenant_id":"');
    const received = await peer.closed;
    expect(statusOf(received)).toBe(408);
    expect(JSON.parse(received.slice(received.indexOf('\r\n\r\n')))).toEqual({
      detail: { success: false, message: 'The body came too slowly.', error_code: 'REQUEST_TIMEOUT' },
    });
  });

  it('of a sender that waits for 100 Continue and then says nothing is cut too', async () => {
    const peer = await RawPeer.open(gateway.url);
    const headers = [LENGTH, 'Expect: 100-continue'];
    await peer.send(head('PUT', '/v1/sources/silent/content', editor.token, headers));
    const [interim, final] = (await peer.closed).split(/(?<=^HTTP\/1\.1 100 Continue\r\n\r\n)/);
    expect(interim).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(statusOf(final ?? '')).toBe(408);
  });

  it('holds no database connection: more of them than the pool has keep nobody waiting', async () => {
    const count = POOL * 8;
    const peers = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        index % 2 === 0
          ? dripping('PUT', `/v1/sources/many-${index}/content`, [LENGTH])
          : dripping('POST', '/v1/sources', [LENGTH, FORM_TYPE], FILE_PART),
      ),
    );
    const answers: number[] = [];
    const over = Promise.all(peers.map(({ closed }) => closed));
    while (peers.some(({ socket }) => !socket.destroyed))
      answers.push((await editor.get('/v1/sources/kept')).status);
    expect((await over).map(statusOf)).toEqual(Array.from({ length: count }, () => 408));
    expect(new Set(answers)).toEqual(new Set([200]));
    await eventually('every connection is idle', async () => (await busyConnections()) === 0);
    expect(await uploadRows()).toBe(0);
  });
});

/** Connections of the gateway that are in a statement or a transaction. */
async function busyConnections(): Promise<number> {
  return await asOwner(gateway.dataDir, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'`,
    );
    return rows[0]?.count ?? -1;
  });
}

describe('a body that is slow but steady (UP-06)', () => {
  const WINDOWS = 7;
  const CONTENT = Buffer.alloc(WINDOWS * 2048, 'slow but steady ');
  const DURATION_MS = WINDOWS * WINDOW_MS;

  it('arrives whole however many windows it takes: a raw body, a form, and JSON', async () => {
    const length = `Content-Length: ${CONTENT.length}`;
    const form = Buffer.from(`${FILE_PART}${CONTENT.toString()}\r\n--b--\r\n`);
    const json = Buffer.from(JSON.stringify({ metadata: { note: CONTENT.toString() } }));
    const requests = [
      [head('PUT', '/v1/sources/steady/content', editor.token, [length]), CONTENT],
      [head('POST', '/v1/sources', editor.token, [FORM_TYPE, `Content-Length: ${form.length}`]), form],
      [head('PATCH', '/v1/sources/kept', editor.token, [JSON_TYPE, `Content-Length: ${json.length}`]), json],
    ] as const;
    const received = await Promise.all(
      requests.map(async ([start, body]) => {
        const peer = await RawPeer.open(gateway.url);
        await peer.send(start);
        await peer.trickle(body, DURATION_MS);
        return await peer.closed;
      }),
    );
    expect(received.map(statusOf)).toEqual([201, 201, 200]);
    const stored = await editor.get('/v1/sources/steady/content');
    expect(stored.bytes.equals(CONTENT)).toBe(true);
  });
});

describe('headers that come slowly (UP-06, RS-01)', () => {
  it.each([
    ['one line at a time', 'GET /v1/me HTTP/1.1\r\nHost: x\r\n', 'X-More: 1\r\n'],
    ['one byte of a line at a time', 'GET /v1/me HTTP/1.1\r\nHost: x\r\nX-More: ', 'x'],
    ['one byte of the request line at a time', 'GET /v1/', 'x'],
  ])('%s are answered with 408 and cut', async (_what, begun, piece) => {
    const peer = await RawPeer.open(gateway.url);
    await peer.send(begun);
    const received = await peer.drip(piece, DRIP_MS).closed;
    expect(statusOf(received)).toBe(408);
    expect(received).toContain('"code":"request_timeout"');
  });

  it('are cut as well after an earlier request of the same connection', async () => {
    const peer = await RawPeer.open(gateway.url);
    await peer.send('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually('the first answer', async () => peer.received.includes('\r\n\r\n'));
    await peer.send('GET /v1/');
    const received = await peer.drip('x', DRIP_MS).closed;
    expect(statusOf(received)).toBe(200);
    expect(received).toContain('HTTP/1.1 408 ');
  });
});

describe('a connection that asks nothing (RS-01)', () => {
  it('is closed: one that was never used, and one that is kept alive after an answer', async () => {
    const [unused, kept] = [await RawPeer.open(gateway.url), await RawPeer.open(gateway.url)];
    await kept.send('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(statusOf(await unused.closed)).toBe(408);
    const received = await kept.closed;
    expect(statusOf(received)).toBe(200);
    expect(received.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  });
});
