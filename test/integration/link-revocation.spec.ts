import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';

import { Api, expectStatus, type Answer } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { openLinks, TEAM, type Opened } from '../support/opened-links.js';
import { describeWith } from '../support/programs.js';
import { shiftedClock } from '../support/shifted-clock.js';
import { readAll } from '../support/slow-client.js';
import { UnluckyGateways } from '../support/unlucky-gateways.js';
import { withinASecond } from '../support/within-a-second.js';

jest.setTimeout(120_000);

const STABLE = { GATEHOLD_STABLE_URL_SECONDS: '3600' };
/** One connection to each gateway, kept alive. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

let gateways: UnluckyGateways;

beforeAll(async () => {
  gateways = await UnluckyGateways.start(STABLE);
});

afterAll(async () => {
  agent.destroy();
  await gateways.dispose();
});

/** What all links of a source answer on a gateway, one after the other over the connection that is there. */
async function statusesAt(gateway: GatewayProcess, { paths }: Opened): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [kind, path] of Object.entries(paths)) {
    const request = get(`${gateway.url}${path}`, { agent });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    found[kind] = (await readAll(response)).status;
  }
  return found;
}

const all = (status: number): Record<string, number> => ({
  'managed link': status,
  'knowledge-base download': status,
  'fetch URL': status,
});

type End = (opened: Opened) => Promise<Answer>;

const revoke =
  (wish: (opened: Opened) => object): End =>
  (opened) =>
    opened.tenant.admin.post(`/v1/tenants/${opened.tenant.id}/links/revoke`, wish(opened));

/** What ends links: what is done, and what they answer then. */
const ENDS: [what: string, end: End, statuses: Record<string, number>][] = [
  ['by source', revoke(({ sourceId }) => ({ source_id: sourceId })), all(410)],
  ['by token', revoke(({ issuerId }) => ({ token_id: issuerId })), all(410)],
  ['by sub-tenant', revoke(() => ({ sub_tenant_id: 'team' })), all(410)],
  ['all of the tenant', revoke(() => ({ all: true })), all(410)],
  [
    'one by its id',
    ({ tenant, linkId }) => tenant.admin.delete(`/v1/links/${linkId}`, TEAM),
    { ...all(200), 'managed link': 410 },
  ],
  [
    'by a filter',
    ({ tenant, sourceId }) => tenant.admin.delete(`/v1/links?source_id=${sourceId}`, TEAM),
    { ...all(200), 'managed link': 410 },
  ],
  [
    'with the token that made them',
    ({ tenant, issuerId }) => tenant.admin.delete(`/v1/tenants/${tenant.id}/tokens/${issuerId}`),
    all(410),
  ],
  [
    'with their tenant, suspended',
    ({ tenant }) => gateways.root.post(`/v1/tenants/${tenant.id}/suspend`),
    all(410),
  ],
];

describe('AN-03, CF-10: links that one gateway has ended', () => {
  it.each(ENDS)(
    '%s have ended there with the answer, and on another within a second',
    async (_what, end, statuses) => {
      const opened = await openLinks(gateways.root);
      for (const gateway of [gateways.unlucky, gateways.other])
        expect(await statusesAt(gateway, opened)).toEqual(all(200));
      const answer = await end(opened);
      expect(answer.status).toBeLessThan(300);
      await Promise.all([
        withinASecond(() => statusesAt(gateways.unlucky, opened), statuses),
        statusesAt(gateways.other, opened).then((found) => expect(found).toEqual(statuses)),
      ]);
    },
  );
});

describe('stable URLs', () => {
  it('are others after a mark, on both gateways, and stable again', async () => {
    const opened = await openLinks(gateways.root);
    const { tenant, sourceId, issuer } = opened;
    const path = `/knowledge-base/sources/${sourceId}/download`;
    const there = new Api(gateways.unlucky.url, issuer.token);
    const urls = async (): Promise<string[]> =>
      (await Promise.all([issuer.get(path), there.get(path)])).map(
        ({ json }) => new URL(json.download_url as string).pathname,
      );
    const [before] = await urls();
    expect(before).toBe(opened.paths['knowledge-base download']);
    expectStatus(await revoke(() => ({ source_id: sourceId }))(opened), 200);
    await withinASecond(async () => {
      const [here, elsewhere] = await urls();
      return [here === before, elsewhere === here];
    }, [false, true]);
    const [here] = await urls();
    expect((await tenant.admin.as(null).get(here ?? '')).status).toBe(200);
    expect(await statusesAt(gateways.other, opened)).toEqual(all(410));
  });
});

describeWith(['faketime'], 'DB-12, CF-18: a gateway whose clock is off', () => {
  it.each([-10, 10])(
    'by %i minutes issues links that a mark ends, and none that ended before',
    async (minutes) => {
      const env = {
        DATABASE_URL: gateways.throwaway.runtimeUrl,
        DATABASE_MIGRATION_URL: gateways.throwaway.ownerUrl,
      };
      const off = await GatewayProcess.start({
        dataDir: gateways.dataDir,
        env: { ...env, ...shiftedClock(minutes) },
      });
      try {
        const opened = await openLinks(new Api(off.url, off.rootToken));
        expect(await statusesAt(off, opened)).toEqual(all(200));
        expectStatus(await revoke(() => ({ all: true }))(opened), 200);
        expect(await statusesAt(off, opened)).toEqual(all(410));
        const path = `/knowledge-base/sources/${opened.sourceId}/download`;
        const { json } = await opened.issuer.get(path);
        expect((await opened.issuer.as(null).get(json.download_url as string)).status).toBe(200);
      } finally {
        await off.dispose();
      }
    },
  );
});
