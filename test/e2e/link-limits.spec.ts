import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';

import {
  expectStatus,
  freshId,
  makeProxyTenant,
  makeToken,
  type Answer,
  type Json,
  type TestTenant,
} from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { pattern } from '../support/gateway-inside.js';
import { ask } from '../support/raw-http.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { beginDownload, readBytes } from '../support/slow-client.js';
import { asOwner } from '../support/test-database.js';

jest.setTimeout(60_000);

const { root, anonymous, url } = sharedGateway();
/** More than what the operating system and the gateway hold back for a client that does not read. */
const LARGE = pattern(32 * 1024 * 1024);
const FAR = '2100-01-01T00:00:00Z';

let tenant: TestTenant;
let small: string;
let large: string;

beforeAll(async () => {
  tenant = await makeProxyTenant(root);
  [small, large] = [freshId('small'), freshId('large')];
  expectStatus(await tenant.editor.put(small, 'linked bytes', { 'content-type': 'text/plain' }), 201);
  expectStatus(await tenant.editor.put(large, LARGE), 201);
});

async function link(wish: Record<string, unknown>, id = small): Promise<Json> {
  const made = await tenant.editor.post(`/v1/sources/${id}/links`, wish);
  expectStatus(made, 201);
  return made.json;
}

const pathOf = (made: Json): string => new URL(made.url as string).pathname;
const open = (made: Json, headers: Record<string, string> = {}): Promise<Answer> =>
  anonymous.get(made.url as string, { headers });
const code = ({ status, json }: Answer): unknown[] => [status, json?.code];

async function shown(made: Json): Promise<Json> {
  return (await tenant.editor.get(`/v1/links/${made.link_id as string}`)).json;
}

/** Begins a download and leaves it unread. */
async function begin(made: Json) {
  const response = await beginDownload(url, 'of-no-use', pathOf(made));
  expect(response.statusCode).toBe(200);
  return response;
}

describe('max_downloads', () => {
  it('is how often the whole is delivered; after that the link answers 410, to HEAD as well', async () => {
    const made = await link({ max_downloads: 2 });
    expect(made).toMatchObject({ max_downloads: 2, downloads: 0, last_used_at: null });
    for (const downloads of [1, 2]) {
      expect((await open(made)).text).toBe('linked bytes');
      // With the last byte it is counted, so that this does not depend on when it is looked at.
      expect((await shown(made)).downloads).toBe(downloads);
    }
    expect(code(await open(made))).toEqual([410, 'link_used_up']);
    expect((await ask(url, { method: 'HEAD', path: pathOf(made) })).status).toBe(410);
    expect(Date.parse((await shown(made)).last_used_at as string)).toBeGreaterThan(0);
  });

  it('counts no HEAD, no 304, no 412, no 416 and no refusal', async () => {
    const made = await link({ max_downloads: 1 });
    const etag = (await ask(url, { method: 'HEAD', path: pathOf(made) })).headers['etag'] ?? '';
    for (const [headers, status] of [
      [{ 'if-none-match': etag }, 304],
      [{ 'if-match': '"other"' }, 412],
      [{ range: 'bytes=99999999-' }, 416],
    ] as const)
      expect((await ask(url, { path: pathOf(made), headers })).status).toBe(status);
    expect((await anonymous.request('PUT', made.url as string)).status).toBe(405);
    expect((await open(made)).status).toBe(200);
    expect((await shown(made)).downloads).toBe(1);
  });

  it('counts each GET that delivers a part of it', async () => {
    const made = await link({ max_downloads: 3 });
    for (const range of ['bytes=0-1', 'bytes=2-3', 'bytes=4-'])
      expect((await open(made, { range })).status).toBe(206);
    expect(code(await open(made, { range: 'bytes=0-1' }))).toEqual([410, 'link_used_up']);
  });

  it('counts an empty file', async () => {
    const id = freshId('empty');
    expectStatus(await tenant.editor.put(id, Buffer.alloc(0)), 201);
    const made = await link({ max_downloads: 1 }, id);
    expect([(await open(made)).status, (await open(made)).status]).toEqual([200, 410]);
  });

  it.each([
    ['a small file', () => small],
    ['a large file', () => large],
  ])('CF-10: 20 who open a one-time link to %s at once get it once', async (_what, id) => {
    const made = await link({ max_downloads: 1 }, id());
    const answers = await Promise.all(Array.from({ length: 20 }, () => open(made)));
    const delivered = answers.filter(({ status }) => status === 200);
    expect(delivered).toHaveLength(1);
    for (const answer of answers.filter((one) => one !== delivered[0]))
      expect([
        [409, 'link_in_use'],
        [410, 'link_used_up'],
      ]).toContainEqual(code(answer));
    expect(code(await open(made))).toEqual([410, 'link_used_up']);
  });

  it('20 who open a link for five at once get it five times', async () => {
    const made = await link({ max_downloads: 5 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => open(made)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect((await shown(made)).downloads).toBe(5);
  });

  it('is kept for a download under way, and given back when that breaks off', async () => {
    const made = await link({ max_downloads: 1 }, large);
    const broken = await begin(made);
    const refused = await open(made);
    expect([...code(refused), refused.headers.get('retry-after')]).toEqual([409, 'link_in_use', '1']);
    expect((await shown(made)).downloads).toBe(0);
    broken.destroy();
    const whole = await eventually('it is free again', async () => {
      const answer = await open(made);
      return answer.status === 200 && answer;
    });
    expect(whole.bytes.equals(LARGE)).toBe(true);
    expect(code(await open(made))).toEqual([410, 'link_used_up']);
  });

  it('is not given back when whoever downloads is slow', async () => {
    const made = await link({ max_downloads: 1 }, large);
    const slow = await begin(made);
    expect((await open(made)).status).toBe(409);
    expect((await readBytes(slow)).equals(LARGE)).toBe(true);
    expect(code(await open(made))).toEqual([410, 'link_used_up']);
  });

  it('comes back when nobody says any more that a download goes on, and that one does not come to its end', async () => {
    const made = await link({ max_downloads: 1 }, large);
    const lost = await begin(made);
    await asOwner("UPDATE link_uses SET leased_until = now() - interval '1 second' WHERE link_id = $1", [
      made.link_id,
    ]);
    expect((await open(made)).status).toBe(200);
    await expect(readBytes(lost)).rejects.toThrow();
    expect((await shown(made)).downloads).toBe(1);
  });

  it('is no obstacle to taking the link back, which breaks nothing off', async () => {
    const made = await link({ max_downloads: 1 }, large);
    const begun = await begin(made);
    expectStatus(await tenant.editor.delete(`/v1/links/${made.link_id as string}`), 204);
    expect(code(await open(made))).toEqual([410, 'link_gone']);
    expect((await readBytes(begun)).length).toBe(LARGE.length);
  });
});

describe('a link without max_downloads', () => {
  it('is counted too, soon after, and a download that breaks off is not', async () => {
    const made = await link({}, large);
    expect(made.max_downloads).toBeNull();
    const broken = await begin(made);
    broken.destroy();
    await once(broken, 'close');
    for (const headers of [{}, { range: 'bytes=0-9' }]) await open(made, headers);
    await ask(url, { method: 'HEAD', path: pathOf(made) });
    const counted = await eventually<{ last_used_at: string }>('both are counted', async () => {
      const now = await shown(made);
      return now.downloads === 2 ? (now as { last_used_at: string }) : null;
    });
    expect(Date.parse(counted.last_used_at)).toBeGreaterThan(0);
  });
});

describe('not_before', () => {
  it('is when the link opens: until then it answers 403 and says when', async () => {
    const begins = new Date(Date.now() + 30_000).toISOString();
    const made = await link({ not_before: begins, expires_in: 60, max_downloads: 1 });
    expect(made.not_before).toBe(begins);
    for (const method of ['GET', 'HEAD'])
      expect((await ask(url, { method, path: pathOf(made) })).status).toBe(403);
    const early = await open(made);
    expect([...code(early), early.json.not_before]).toEqual([403, 'link_not_yet_valid', begins]);
    await asOwner('UPDATE links SET not_before = now() WHERE link_id = $1', [made.link_id]);
    expect((await open(made)).text).toBe('linked bytes');
  });

  it('may lie in the past', async () => {
    expect((await open(await link({ not_before: '2020-01-01T00:00:00+02:00' }))).status).toBe(200);
  });

  it('has to lie before the end, which may be that of the token', async () => {
    const end = new Date(Date.now() + 300_000).toISOString();
    const brief = await makeToken(tenant.admin, tenant.id, { role: 'editor', expires_at: end });
    for (const [caller, wish] of [
      [tenant.editor, { not_before: FAR }],
      [brief, { not_before: new Date(Date.now() + 400_000).toISOString(), expires_in: 600 }],
    ] as const) {
      const answer = await caller.post(`/v1/sources/${small}/links`, wish);
      expect([answer.status, answer.json.errors?.[0]?.field]).toEqual([422, 'not_before']);
    }
  });
});

describe('ip_ranges', () => {
  it.each([
    [['127.0.0.0/8', '::1'], 200],
    [['127.0.0.1'], 200],
    [['10.0.0.0/8', '2001:db8::/32'], 403],
  ])('%j answer a client on this machine %i', async (ranges, status) => {
    const made = await link({ ip_ranges: ranges });
    expect(made.ip_ranges).toEqual(ranges);
    const answer = await open(made);
    expect(code(answer)).toEqual([status, status === 200 ? undefined : 'link_address_not_allowed']);
  });

  it('are held to the address of the connection, whatever a client says of itself', async () => {
    const made = await link({ ip_ranges: ['10.0.0.0/8'] });
    const claims = { 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1', 'x-real-ip': '10.0.0.1' };
    expect((await open(made, claims)).status).toBe(403);
  });

  it('are looked at before all other limits, and use nothing up', async () => {
    const made = await link({ ip_ranges: ['10.0.0.0/8'], max_downloads: 1 });
    expect((await open(made)).status).toBe(403);
    await asOwner('UPDATE links SET downloads = 1 WHERE link_id = $1', [made.link_id]);
    expect((await open(made)).status).toBe(403);
    await asOwner('UPDATE links SET ip_ranges = NULL WHERE link_id = $1', [made.link_id]);
    expect((await open(made)).status).toBe(410);
  });
});

describe('PS-06: what cannot be a limit', () => {
  it.each([
    ['max_downloads', 0],
    ['max_downloads', -1],
    ['max_downloads', 1.5],
    ['max_downloads', '1'],
    ['max_downloads', 1_000_001],
    ['max_downloads', true],
    ['not_before', 'tomorrow'],
    ['not_before', '2030-01-31'],
    ['not_before', 0],
    ['ip_ranges', []],
    ['ip_ranges', ['10.0.0.0/33']],
    ['ip_ranges', ['localhost']],
    ['ip_ranges', '10.0.0.0/8'],
    ['ip_ranges', ['10.0.0.1', '10.0.0.1']],
  ])('%s: %j is refused', async (field, value) => {
    const answer = await tenant.editor.post(`/v1/sources/${small}/links`, { [field]: value });
    expect([answer.status, answer.json.errors?.[0]?.field]).toEqual([422, field]);
  });

  it('null is none', async () => {
    const made = await link({ max_downloads: null, not_before: null, ip_ranges: null });
    expect(made).toMatchObject({ max_downloads: null, not_before: null, ip_ranges: null });
  });
});
