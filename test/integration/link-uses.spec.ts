import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, makeUnboundTenant, type Answer, type TestTenant } from '../support/api.js';
import { pattern } from '../support/gateway-inside.js';
import { beginDownload, readBytes } from '../support/slow-client.js';
import { withClient } from '../support/test-database.js';
import { UnluckyGateways } from '../support/unlucky-gateways.js';

jest.setTimeout(120_000);

/** More than what the operating system and the gateway hold back for a client that does not read. */
const LARGE = pattern(32 * 1024 * 1024);

let gateways: UnluckyGateways;
let tenant: TestTenant;

beforeAll(async () => {
  gateways = await UnluckyGateways.start({});
  tenant = await makeUnboundTenant(gateways.root);
  expectStatus(await tenant.editor.put('small', 'linked bytes'), 201);
  expectStatus(await tenant.editor.put('large', LARGE), 201);
});

afterAll(() => gateways.dispose());

async function link(id: string, maxDownloads: number): Promise<{ id: string; path: string }> {
  const made = await tenant.editor.post(`/v1/sources/${id}/links`, { max_downloads: maxDownloads });
  expectStatus(made, 201);
  return { id: made.json.link_id as string, path: new URL(made.json.url as string).pathname };
}

/** Opens a link by either gateway, in turn. */
function open(path: string, count: number): Promise<Answer[]> {
  const both = [gateways.other, gateways.unlucky].map(({ url }) => new Api(url, null));
  return Promise.all(Array.from({ length: count }, (_, index) => (both[index % 2] as Api).get(path)));
}

async function downloadsOf(id: string): Promise<number> {
  return (await tenant.editor.get(`/v1/links/${id}`)).json.downloads as number;
}

async function asOwner(text: string, values: unknown[] = []): Promise<number> {
  const { rowCount } = await withClient(gateways.throwaway.ownerUrl, (owner) => owner.query(text, values));
  return rowCount ?? 0;
}

describe('a link for so many downloads, on two gateways', () => {
  it.each([
    ['small', 1],
    ['large', 1],
    ['small', 7],
  ])('CF-10: to a %s file is delivered %i times, by whichever', async (file, max) => {
    const made = await link(file, max);
    const answers = await open(made.path, 20);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(max);
    for (const { status } of answers) expect([200, 409, 410]).toContain(status);
    expect((await open(made.path, 2)).map(({ status }) => status)).toEqual([410, 410]);
    expect(await downloadsOf(made.id)).toBe(max);
  });

  it('is not used up by a gateway that is killed in the middle: the download is free when its lease is over', async () => {
    const made = await link('large', 1);
    const cut = await beginDownload(gateways.unlucky.url, 'of-no-use', made.path);
    expect(cut.statusCode).toBe(200);
    const outcome = readBytes(cut).then(
      () => 'whole',
      () => 'broken off',
    );
    await gateways.unlucky.signal('SIGKILL');
    expect(await outcome).toBe('broken off');
    const [refused] = await open(made.path, 1);
    expect([refused?.status, refused?.json.code]).toEqual([409, 'link_in_use']);
    const leases = 'UPDATE link_uses SET leased_until = now() WHERE link_id = $1 AND leased_until > now()';
    expect(await asOwner(leases, [made.id])).toBe(1);
    const [whole] = await open(made.path, 1);
    expect([whole?.status, whole?.bytes.equals(LARGE)]).toEqual([200, true]);
    expect([(await open(made.path, 1))[0]?.status, await downloadsOf(made.id)]).toEqual([410, 1]);
    expect(await asOwner('SELECT FROM link_uses')).toBe(0);
    await gateways.revive();
  });

  it('has given back what the drain cut, and written what it counted, when a gateway stops', async () => {
    const limited = await link('large', 1);
    const unlimited = (await tenant.editor.post('/v1/sources/small/links', {})).json;
    const cut = await beginDownload(gateways.unlucky.url, 'of-no-use', limited.path);
    const there = new Api(gateways.unlucky.url, null);
    expect((await there.get(new URL(unlimited.url as string).pathname)).status).toBe(200);
    const stopped = gateways.unlucky.signal('SIGTERM');
    cut.destroy();
    await stopped;
    expect(await asOwner('SELECT FROM link_uses')).toBe(0);
    expect(await downloadsOf(unlimited.link_id as string)).toBe(1);
    expect((await open(limited.path, 1))[0]?.status).toBe(200);
    await gateways.revive();
  });
});
