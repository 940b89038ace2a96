import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { once } from 'node:events';

import { Api, expectStatus, makeTenant, type Answer, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { expectFetchError } from '../support/family-answers.js';
import { descriptorCount } from '../support/gateway-inside.js';
import { GatewayProcess } from '../support/gateway-process.js';

const PATH = '/fetch/fetch-source-content';
const MIB = 1024 * 1024;
/** Far more than the buffers of a connection take, so that an answer nobody reads stays in memory. */
const LIMIT = 12 * MIB;

let gateway: GatewayProcess;
let tenant: TestTenant;

const ask = (wish: Record<string, unknown>): Promise<Answer> =>
  tenant.viewer.post(PATH, { tenant_id: tenant.id, ...wish });

beforeAll(async () => {
  const bytes = String(LIMIT);
  gateway = await GatewayProcess.start({
    env: { GATEHOLD_INLINE_MAX_BYTES: bytes, GATEHOLD_INLINE_IN_FLIGHT_BYTES: bytes },
  });
  tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
  const type = { 'content-type': 'application/octet-stream' };
  for (const [id, size] of [
    ['full', LIMIT],
    ['over', LIMIT + 1],
    ['small', 1],
  ] as const)
    expectStatus(await tenant.editor.put(id, Buffer.alloc(size), type), 201);
}, 60_000);

afterAll(async () => gateway.dispose());

/** Asks for a content and reads nothing of the answer once it begins. */
async function askAndStall(id: string): Promise<{ begun: Promise<unknown>; leave: () => void }> {
  const body = JSON.stringify({ tenant_id: tenant.id, source_id: id });
  const stalled = request(`${gateway.url}${PATH}`, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${tenant.viewer.token ?? ''}`, 'content-type': 'application/json' },
  });
  // Leaving breaks the connection, which is no failure here.
  stalled.on('error', () => undefined);
  const begun = once(stalled, 'response');
  begun.catch(() => undefined);
  stalled.end(body);
  await once(stalled, 'finish');
  return { begun, leave: () => stalled.destroy() };
}

describe('a source larger than an answer may carry', () => {
  it('is refused in modes content and both with 413, whose message names mode=url', async () => {
    for (const mode of [undefined, 'content', 'both']) {
      const answer = await ask({ source_id: 'over', mode });
      expectFetchError(answer, 413, 'FILE_TOO_LARGE');
      expect(answer.json.detail.message).toContain('mode=url');
    }
  });

  it('is given as a URL', async () => {
    const { json } = await ask({ source_id: 'over', mode: 'url' });
    expect(json).toMatchObject({ success: true, size_bytes: LIMIT + 1, content: null, content_base64: null });
    const answer = await fetch(json.presigned_url as string);
    expect((await answer.arrayBuffer()).byteLength).toBe(LIMIT + 1);
  });

  it('of exactly the limit is given inline', async () => {
    const { json } = await ask({ source_id: 'full' });
    expect((json.content_base64 as string).length).toBe(Math.ceil(LIMIT / 3) * 4);
  });
});

describe('content that answers hold in memory', () => {
  it('makes others wait, who are answered as soon as it is given back', async () => {
    const first = await askAndStall('full');
    await first.begun;
    const waiting = ask({ source_id: 'small' });
    expectStatus(await ask({ source_id: 'small', mode: 'url' }), 200);
    first.leave();
    expect((await waiting).json).toMatchObject({ content_base64: 'AA==' });
  });

  it('is given back too when a client leaves before its turn has come', async () => {
    const first = await askAndStall('full');
    await first.begun;
    const gone = await askAndStall('full');
    expectStatus(await ask({ source_id: 'small', mode: 'url' }), 200);
    const sockets = await descriptorCount(gateway.pid, gateway.dataDir);
    gone.leave();
    await eventually('the gateway sees it leave', async () => {
      return (await descriptorCount(gateway.pid, gateway.dataDir)) < sockets;
    });
    first.leave();
    expectStatus(await ask({ source_id: 'full' }), 200);
  }, 20_000);

  it('turns those away who wait too long, with 503 and Retry-After', async () => {
    const first = await askAndStall('full');
    await first.begun;
    const answer = await ask({ source_id: 'small' });
    expectFetchError(answer, 503, 'UNAVAILABLE');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    first.leave();
    expectStatus(await ask({ source_id: 'small' }), 200);
  }, 20_000);
});
