import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';

import { Api, makeProxyTenant, type TestTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { readAll } from '../support/slow-client.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(120_000);

/** The one proxy that is believed; everybody else's headers say nothing. */
const PROXY = '127.0.0.9';
const ATTEMPTS = 10_000;
const BURST = 1_000;
const PER_SECOND = 10;

let gateway: GatewayProcess;
let tenant: TestTenant;
/** Of the right shape, with a checksum that does not agree. */
let mistyped: string;

beforeAll(async () => {
  // As it is when nobody sets anything.
  const env = { GATEHOLD_FAILED_AUTH_BURST: '', GATEHOLD_TRUSTED_PROXIES: PROXY };
  gateway = await GatewayProcess.start({ env });
  tenant = await makeProxyTenant(new Api(gateway.url, gateway.rootToken));
  await tenant.editor.put('a', 'kept');
  const good = tenant.viewer.token ?? '';
  mistyped = `${good.slice(0, -1)}${good.endsWith('0') ? '1' : '0'}`;
});

afterAll(() => gateway.dispose());

interface Told {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** By the first segment of a path; GET for all others. */
const METHODS: Readonly<Record<string, string>> = { fetch: 'POST', u: 'PUT' };

/** Calls from an address of this machine, on connections that stay. */
function from(localAddress: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const call = async (
    token: string | null,
    headers: Readonly<Record<string, string>> = {},
    path = '/v1/me',
  ): Promise<Told> => {
    const outgoing = request(`${gateway.url}${path}`, {
      method: METHODS[path.split('/')[1] ?? ''] ?? 'GET',
      localAddress,
      agent,
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
    });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const { status, text: body } = await readAll(response);
    return { status, body, headers: response.headers };
  };
  return { call, close: () => agent.destroy() };
}

/** Sends bad credentials, some at a time, and answers how many got which status. */
async function attack(
  { call }: ReturnType<typeof from>,
  count: number,
  attempt: (index: number) => Parameters<typeof call>,
): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const { status } = await call(...attempt(next++));
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return statuses;
}

/** What callers write to look like others. */
function disguise(index: number): Record<string, string> {
  const address = `10.${index >> 16}.${(index >> 8) & 0xff}.${index & 0xff}`;
  return {
    'x-forwarded-for': address,
    forwarded: `for=${address}`,
    'cf-connecting-ip': address,
    'x-real-ip': address,
    'true-client-ip': address,
    'x-email': `somebody-${index}@example.com`,
    'x-request-id': `request-${index}`,
  };
}

/** How many more may be let through since a moment, by the passing of time. */
function refilled(since: number): number {
  return PER_SECOND * (Math.ceil((Date.now() - since) / 1000) + 1);
}

describe('AN-11: bad credentials from one address', () => {
  it('10,000 of them, whatever they call themselves, are answered 429 after the first thousand', async () => {
    const attacker = from('127.0.0.2');
    const since = Date.now();
    const statuses = await attack(attacker, ATTEMPTS, (index) => [
      index % 2 === 0 ? mistyped : `gth_${index}`,
      disguise(index),
      `/v1/me?email=${index}&key=${index}`,
    ]);
    expect(Object.keys(statuses)).toEqual(['401', '429']);
    expect(statuses[401]).toBeGreaterThanOrEqual(BURST);
    expect(statuses[401]).toBeLessThanOrEqual(BURST + refilled(since));
    attacker.close();
  });

  it('lock no good one out, from that address or another, nor who has none or follows a link', async () => {
    const [attacker, other] = [from('127.0.0.3'), from('127.0.0.4')];
    const link = (await tenant.editor.post('/v1/sources/a/links', {})).json.url as string;
    const path = new URL(link).pathname;
    const { token } = tenant.viewer;
    const flood = attack(attacker, 5_000, () => [mistyped]);
    for (let time = 0; time < 50; time += 1) {
      expect((await attacker.call(token)).status).toBe(200);
      expect((await attacker.call(gateway.rootToken)).status).toBe(200);
      expect((await attacker.call(null)).status).toBe(401);
      expect((await attacker.call(null, {}, path)).body).toBe('kept');
    }
    expect(Object.keys(await flood)).toContain('429');
    expect((await attacker.call(token)).status).toBe(200);
    expect((await other.call(mistyped)).status).toBe(401);
    for (const one of [attacker, other]) one.close();
  });

  it('are told apart by what a trusted proxy says of them, and by nothing that it passes on beside', async () => {
    const proxy = from(PROXY);
    const named = (address: string) => (index: number) =>
      [mistyped, { ...disguise(index), 'x-forwarded-for': address }] as [string, Record<string, string>];
    const since = Date.now();
    const statuses = await attack(proxy, 3_000, named('192.0.2.7'));
    expect(statuses[401]).toBeLessThanOrEqual(BURST + refilled(since));
    expect((await proxy.call(mistyped, { 'x-forwarded-for': '192.0.2.8' })).status).toBe(401);
    // Whoever writes a field of its own has the proxy's behind it.
    const rotating = await attack(proxy, 3_000, (index) => [
      mistyped,
      { 'x-forwarded-for': `10.1.${index >> 8}.${index & 0xff}, 192.0.2.9` },
    ]);
    expect(rotating[429]).toBeGreaterThan(3_000 - BURST - refilled(since));
    const subnet = await attack(proxy, 3_000, (index) => [
      mistyped,
      { 'x-forwarded-for': `2001:db8:1:2::${index.toString(16)}` },
    ]);
    expect(subnet[429]).toBeGreaterThan(3_000 - BURST - refilled(since));
    proxy.close();
  });

  it('are answered in the shape of each family, with the time to wait, and nothing about the credential', async () => {
    const attacker = from('127.0.0.5');
    await attack(attacker, 2_000, () => [mistyped]);
    // One more may be let through whenever a moment has passed.
    const limited = async (path?: string) => {
      let answer = await attacker.call(mistyped, {}, path);
      while (answer.status === 401) answer = await attacker.call(mistyped, {}, path);
      return answer;
    };
    const native = await limited();
    expect(native).toMatchObject({
      status: 429,
      headers: { 'content-type': 'application/problem+json; charset=utf-8', 'cache-control': 'no-store' },
    });
    expect(Number(native.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(native.headers['www-authenticate']).toBeUndefined();
    expect(JSON.parse(native.body)).toMatchObject({ code: 'too_many_failed_authentications', status: 429 });
    expect(native.body).not.toContain(mistyped);
    const base = await limited('/knowledge-base/sources/x/download');
    expect(base.status).toBe(429);
    expect(JSON.parse(base.body)).toEqual({ detail: expect.any(String) });
    const fetched = await limited('/fetch/content');
    expect(fetched.status).toBe(429);
    expect(JSON.parse(fetched.body)).toMatchObject({
      detail: { success: false, error_code: 'RATE_LIMITED' },
    });
    attacker.close();
  });

  it('PS-04: count where they are links and URLs of uploads as well, and no good one is refused for that', async () => {
    const [attacker, other] = [from('127.0.0.7'), from('127.0.0.8')];
    const pathOf = (url: unknown): string => new URL(url as string).pathname;
    const link = pathOf((await tenant.editor.post('/v1/sources/a/links', {})).json.url);
    const upload = async (): Promise<string> =>
      pathOf((await tenant.editor.post('/v1/uploads', { name: 'b', size_bytes: 0 })).json.url);
    const damaged = (path: string): string => `${path.slice(0, -1)}${path.endsWith('A') ? 'B' : 'A'}`;
    const bad = [damaged(link), damaged(await upload()), '/l/none', '/u/none'];
    const since = Date.now();
    const statuses = await attack(attacker, ATTEMPTS, (index) => [
      null,
      disguise(index),
      bad[index % bad.length],
    ]);
    expect(Object.keys(statuses)).toEqual(['403', '429']);
    expect(statuses[403]).toBeGreaterThanOrEqual(BURST);
    expect(statuses[403]).toBeLessThanOrEqual(BURST + refilled(since));
    const flood = attack(attacker, 2_000, (index) => [null, {}, bad[index % bad.length]]);
    for (let time = 0; time < 20; time += 1) {
      expect((await attacker.call(null, {}, link)).body).toBe('kept');
      expect((await attacker.call(null, {}, await upload())).status).toBe(204);
    }
    expect(Object.keys(await flood)).toContain('429');
    // One count for all kinds.
    const mixed = await attack(attacker, 2_000, (index) =>
      index % 2 === 0 ? [mistyped] : [null, {}, bad[0]],
    );
    const told = [statuses, await flood, mixed].map((one) => (one[401] ?? 0) + (one[403] ?? 0));
    expect(told.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(BURST + refilled(since));
    let refused: Told;
    do refused = await attacker.call(null, {}, bad[0]);
    while (refused.status !== 429);
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'too_many_failed_authentications', status: 429 });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect((await other.call(null, {}, bad[0])).status).toBe(403);
    for (const one of [attacker, other]) one.close();
  });

  it('count where they are links only while they are not good: one that has ended is none of them', async () => {
    const caller = from('127.0.0.10');
    const made = (await tenant.editor.post('/v1/sources/a/links', {})).json;
    await tenant.editor.delete(`/v1/links/${made.link_id as string}`);
    const path = new URL(made.url as string).pathname;
    const statuses = await attack(caller, BURST + 500, () => [null, {}, path]);
    expect(Object.keys(statuses)).toEqual(['410']);
    expect((await caller.call(mistyped)).status).toBe(401);
    caller.close();
  });

  it('are let through again as time goes by', async () => {
    const attacker = from('127.0.0.6');
    await attack(attacker, 2_000, () => [mistyped]);
    let told: Told;
    do told = await attacker.call(mistyped);
    while (told.status !== 429);
    do told = await attacker.call(mistyped);
    while (told.status === 429);
    expect(told.status).toBe(401);
    attacker.close();
  });
});
