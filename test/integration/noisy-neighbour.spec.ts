import { describe, expect, it, jest } from '@jest/globals';

import { expectStatus, freshId, makeToken, type Answer, type Api, type TestTenant } from '../support/api.js';
import { makeLimited } from '../support/limited.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(60_000);

const { root, anonymous } = sharedGateway();
const LIMIT = { per_second: 5, burst: 5 };
const TIMES = 20;
/** Waves of so many requests as may come in a second, times 20. */
const WAVES = 6;

interface Reader {
  readonly tenant: TestTenant;
  readonly id: string;
  readonly link: string;
}

async function makeReader(limits: object): Promise<Reader> {
  const tenant = await makeLimited(root, limits);
  const id = freshId('s');
  expectStatus(await tenant.editor.put(id, 'bytes', { 'content-type': 'text/plain' }), 201);
  const made = await tenant.editor.post(`/v1/sources/${id}/links`, { expires_in: 600 });
  expectStatus(made, 201);
  return { tenant, id, link: made.json.url as string };
}

/** How many answers there were of each status. */
function tally(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Sends waves at 20 times the limit, the next as soon as one is answered; meanwhile somebody else asks in turn. */
async function besideNoise(
  noisy: () => Promise<Answer>,
  quiet: () => Promise<Answer>,
): Promise<{ noise: Record<number, number>; quiet: Record<number, number>; seconds: number }> {
  const began = performance.now();
  const noise: Answer[] = [];
  const heard: Answer[] = [];
  let isOver = false;
  const waves = async (): Promise<void> => {
    for (let wave = 0; wave < WAVES; wave += 1)
      noise.push(...(await Promise.all(Array.from({ length: LIMIT.per_second * TIMES }, noisy))));
    isOver = true;
  };
  const listen = async (): Promise<void> => {
    do heard.push(await quiet());
    while (!isOver);
  };
  await Promise.all([waves(), listen()]);
  return { noise: tally(noise), quiet: tally(heard), seconds: (performance.now() - began) / 1000 };
}

/** As many as could be held at first and came while it went on; one more for what division leaves over. */
const mostIn = (seconds: number): number => LIMIT.burst + Math.ceil(seconds * LIMIT.per_second) + 1;

describe('RS-03: a tenant at 20 times its limit', () => {
  it('gets what it may and no more, and another one at the same address sees no error', async () => {
    const [one, two] = [await makeReader({ read: LIMIT }), await makeReader({})];
    // Whichever of its tokens it comes with.
    const more = await makeToken(root, one.tenant.id, { role: 'viewer' });
    const callers: Api[] = [one.tenant.viewer, one.tenant.editor, more];
    let turn = 0;
    const noisy = (): Promise<Answer> =>
      (callers[(turn += 1) % callers.length] ?? more).get(`/v1/sources/${one.id}`);
    const seen = await besideNoise(noisy, () => two.tenant.viewer.get(`/v1/sources/${two.id}`));
    expect(Object.keys(seen.quiet)).toEqual(['200']);
    expect(Object.keys(seen.noise)).toEqual(['200', '429']);
    expect(seen.noise[200]).toBeGreaterThanOrEqual(LIMIT.burst);
    expect(seen.noise[200]).toBeLessThanOrEqual(mostIn(seen.seconds));
  });

  it('by its links alone fares no better, and the links of another one open', async () => {
    const [one, two] = [await makeReader({}), await makeReader({})];
    expectStatus(await root.patch(`/v1/tenants/${one.tenant.id}`, { limits: { content: LIMIT } }), 200);
    const seen = await besideNoise(
      () => anonymous.get(one.link),
      () => anonymous.get(two.link),
    );
    expect(Object.keys(seen.quiet)).toEqual(['200']);
    expect(Object.keys(seen.noise)).toEqual(['200', '429']);
    expect(seen.noise[200]).toBeLessThanOrEqual(mostIn(seen.seconds));
  });

  it('by one token leaves the other tokens of the tenant what the tenant has', async () => {
    const { tenant, id } = await makeReader({});
    const noisy = await makeToken(root, tenant.id, { role: 'viewer', limits: { read: LIMIT } });
    const get = (api: Api) => (): Promise<Answer> => api.get(`/v1/sources/${id}`);
    const seen = await besideNoise(get(noisy), get(tenant.viewer));
    expect(Object.keys(seen.quiet)).toEqual(['200']);
    expect(Object.keys(seen.noise)).toEqual(['200', '429']);
    expect(seen.noise[200]).toBeLessThanOrEqual(mostIn(seen.seconds));
  });
});
