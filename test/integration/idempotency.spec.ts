import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';

import { Api, expectStatus, makeTenant, type Answer, type TestTenant } from '../support/api.js';
import { objectFiles, untilFiles } from '../support/gateway-inside.js';
import { freshKey, keyedCalls, postKeyed } from '../support/keyed-calls.js';
import { beginForm, postForm } from '../support/keyed-uploads.js';
import { LosingProxy } from '../support/losing-proxy.js';
import { withClient } from '../support/test-database.js';
import { UnluckyGateways } from '../support/unlucky-gateways.js';

jest.setTimeout(120_000);

const UPLOAD = 'POST /v1/sources';
const NAMES = [...Object.keys(keyedCalls(new Api('', null), {} as TestTenant)), UPLOAD];
/** Those that make something. */
const MAKERS = NAMES.filter((name) => name !== 'POST /v1/links/batch');
/** How many things a request has made in a tenant that had one sub-tenant, four tokens and no link. */
const MADE: Readonly<Record<string, string>> = {
  'POST /v1/tenants/{tenant_id}/sub-tenants':
    'SELECT count(*)::int - 1 AS count FROM sub_tenants WHERE tenant_id = $1',
  'POST /v1/tenants/{tenant_id}/tokens': 'SELECT count(*)::int - 4 AS count FROM tokens WHERE tenant_id = $1',
  'POST /v1/tenants/{tenant_id}/tokens/{token_id}/rotate':
    'SELECT count(*)::int AS count FROM tokens WHERE tenant_id = $1 AND rotated_at IS NOT NULL',
  'POST /v1/sources/{source_id}/links': 'SELECT count(*)::int AS count FROM links WHERE tenant_id = $1',
};
const FORM = { content: 'a file of one tenant', fields: { name: 'One' } };

let gateways: UnluckyGateways;
let tenant: TestTenant;

beforeAll(async () => {
  gateways = await UnluckyGateways.start({
    GATEHOLD_DRAIN_SECONDS: '1',
    // URLs that are handed out are to be the same whoever hands them out.
    GATEHOLD_PUBLIC_URL: 'http://files.example.com',
  });
});

afterAll(() => gateways.dispose());

beforeEach(async () => {
  await gateways.revive();
  tenant = await makeTenant(gateways.root);
  expectStatus(await tenant.editor.put('one', 'the file'), 201);
});

/** One request that may be sent again and again, to either gateway. */
interface Repeatable {
  readonly send: (url: string) => Promise<Answer>;
  /** How many things it has made. */
  readonly count: () => Promise<number>;
}

function repeatable(name: string): Repeatable {
  const key = freshKey();
  const at = (caller: Api, url: string): Api => new Api(url, caller.token);
  if (name === UPLOAD)
    return {
      send: (url) => postForm(at(tenant.editor, url), FORM, key),
      count: () => count("SELECT count(*)::int AS count FROM sources WHERE tenant_id = $1 AND name = 'One'"),
    };
  const call = keyedCalls(new Api('', gateways.other.rootToken), tenant)[name];
  if (call === undefined) throw new Error(`No such call: ${name}.`);
  const json = call.body();
  const made = MADE[name] ?? "SELECT count(*)::int AS count FROM tenants WHERE tenant_id = $2 AND $1 <> ''";
  const wanted = MADE[name] === undefined ? [json['tenant_id'] ?? ''] : [];
  return {
    send: (url) => postKeyed(at(call.caller, url), call.path, json, key),
    count: () => count(made, wanted),
  };
}

async function count(text: string, more: unknown[] = []): Promise<number> {
  const rows = await asOwner<{ count: number }>(text, [tenant.id, ...more]);
  return rows[0]?.count ?? -1;
}

async function asOwner<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
  return await withClient(
    gateways.throwaway.ownerUrl,
    async (client) => (await client.query<Row>(text, values)).rows,
  );
}

/** The name of the statement, as it stands on the wire, that records the answer of an operation. */
function marker(name: string): string {
  return name === 'POST /v1/tenants' ? 'record-platform-idempotency-key' : 'record-idempotency-key';
}

function seen({ status, headers, text }: Answer): object {
  return { status, text, location: headers.get('location'), etag: headers.get('etag') };
}

it('UP-07: what was answered and not heard is answered so on every gateway, and after a restart', async () => {
  const requests = NAMES.map(repeatable);
  const proxy = await LosingProxy.open(gateways.unlucky.url);
  try {
    proxy.loseAnswers(() => true, requests.length);
    for (const { send } of requests) await expect(send(proxy.url)).rejects.toThrow();
    const answers: object[] = [];
    for (const { send } of requests) {
      const [there, here] = [await send(gateways.other.url), await send(proxy.url)];
      expect([200, 201]).toContain(there.status);
      expect(seen(here)).toEqual(seen(there));
      answers.push(seen(there));
    }
    await gateways.unlucky.signal('SIGTERM');
    await gateways.revive();
    for (const [index, { send }] of requests.entries())
      expect(seen(await send(gateways.unlucky.url))).toEqual(answers[index]);
  } finally {
    await proxy.close();
  }
});

describe.each(MAKERS)('%s', (name) => {
  it('CF-04: makes one thing when the gateway is killed after the commit and before the answer', async () => {
    const { send, count: made } = repeatable(name);
    const struck = gateways.wire.loseNext('answer', marker(name), () =>
      gateways.unlucky.child.kill('SIGKILL'),
    );
    await expect(send(gateways.unlucky.url)).rejects.toThrow();
    await struck;
    await gateways.unlucky.ended();
    expect(await made()).toBe(1);
    const first = await send(gateways.other.url);
    expect(first.status).toBe(201);
    expect(seen(await send(gateways.other.url))).toEqual(seen(first));
    expect(await made()).toBe(1);
  });

  it('DB-04: makes one thing when the answer to the commit is lost', async () => {
    const { send, count: made } = repeatable(name);
    const struck = gateways.wire.loseNext('answer', marker(name));
    const [lost] = await Promise.all([send(gateways.unlucky.url), struck]);
    expect(lost).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect(lost.headers.get('retry-after')).not.toBeNull();
    const [here, there] = [await send(gateways.unlucky.url), await send(gateways.other.url)];
    expect(here.status).toBe(201);
    expect(seen(there)).toEqual(seen(here));
    expect(await made()).toBe(1);
  });

  it('DB-04: makes nothing when the commit is lost, and may be sent again at once', async () => {
    const { send, count: made } = repeatable(name);
    const struck = gateways.wire.loseNext('commit', marker(name));
    const [lost] = await Promise.all([send(gateways.unlucky.url), struck]);
    expect(lost).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect(await made()).toBe(0);
    const [there, here] = [await send(gateways.other.url), await send(gateways.unlucky.url)];
    expect(there.status).toBe(201);
    expect(seen(here)).toEqual(seen(there));
    expect(await made()).toBe(1);
  });
});

describe('DB-04: after a lost answer to a commit', () => {
  it('the content of the source is there, and none beside it', async () => {
    const { send } = repeatable(UPLOAD);
    await Promise.all([send(gateways.unlucky.url), gateways.wire.loseNext('answer', marker(UPLOAD))]);
    const { json } = await send(gateways.unlucky.url);
    const { text } = await tenant.editor.get(`/v1/sources/${json.source_id as string}/content`);
    expect(text).toBe(FORM.content);
    expect(await untilFiles(gateways.dataDir, tenant.editor, 2)).toHaveLength(2);
  });
});

describe('a request under way on one gateway', () => {
  it('UP-07: is told of at once on the other, and answered there when it is over', async () => {
    const under = await tokenUnderWay();
    const repeat = await under.send(gateways.other.url);
    expect(repeat).toMatchObject({ status: 409, json: { code: 'idempotency_key_in_use' } });
    expect(repeat.headers.get('retry-after')).toBe('1');
    await under.letGo();
    expect((await under.first).status).toBe(201);
    expect(seen(await under.send(gateways.other.url))).toEqual(seen(await under.first));
  });

  it('CF-04: is free again when that gateway is killed', async () => {
    const under = await tokenUnderWay();
    await gateways.unlucky.signal('SIGKILL');
    await expect(under.first).rejects.toThrow();
    await under.letGo();
    let again = await under.send(gateways.other.url);
    // Until the server has noticed that nobody is at the other end.
    while (again.status === 409) again = await under.send(gateways.other.url);
    expectStatus(again, 201);
    expect(await count('SELECT count(*)::int AS count FROM tokens WHERE tenant_id = $1')).toBe(5);
  });

  it('CF-04: an upload is waited for until the claim of the killed gateway ends, and done anew then', async () => {
    const key = freshKey();
    const upload = await beginForm(new Api(gateways.unlucky.url, tenant.editor.token), FORM, key);
    expect(upload.isWanted).toBe(true);
    const waiting = await postForm(tenant.editor, FORM, key);
    expect(waiting).toMatchObject({ status: 409, json: { code: 'idempotency_key_in_use' } });
    await gateways.unlucky.signal('SIGKILL');
    await expect(upload.answer).rejects.toThrow();
    const dead = await postForm(tenant.editor, FORM, key);
    expect(dead.status).toBe(409);
    expect(Number(dead.headers.get('retry-after'))).toBeLessThanOrEqual(15);
    await asOwner('UPDATE idempotency_keys SET expires_at = now() WHERE tenant_id = $1', [tenant.id]);
    const made = await postForm(tenant.editor, FORM, key);
    expectStatus(made, 201);
    expect(seen(await postForm(tenant.editor, FORM, key))).toEqual(seen(made));
    const text = "SELECT count(*)::int AS count FROM sources WHERE tenant_id = $1 AND name = 'One'";
    expect(await count(text)).toBe(1);
    // The dead one's bytes go when its own lease ends.
    expect((await objectFiles(gateways.dataDir, tenant.editor)).length).toBeLessThanOrEqual(3);
  });

  it('CF-04: an upload is given up by a gateway that stops, and may be sent to the other at once', async () => {
    const key = freshKey();
    const upload = await beginForm(new Api(gateways.unlucky.url, tenant.editor.token), FORM, key);
    expect(upload.isWanted).toBe(true);
    await gateways.unlucky.signal('SIGTERM');
    await expect(upload.answer).rejects.toThrow();
    expectStatus(await postForm(tenant.editor, FORM, key), 201);
  });
});

/** A token that is being made on the unlucky gateway, and waits for a lock in the database. */
async function tokenUnderWay(): Promise<{
  readonly first: Promise<Answer>;
  readonly send: (url: string) => Promise<Answer>;
  readonly letGo: () => Promise<void>;
}> {
  const client = new pg.Client({ connectionString: gateways.throwaway.ownerUrl });
  await client.connect();
  await client.query('BEGIN');
  // What reads tokens goes on, what makes one waits.
  await client.query('LOCK TABLE tokens IN SHARE MODE');
  const [key, wish] = [freshKey(), { name: 'a', role: 'viewer' }];
  const send = (url: string): Promise<Answer> =>
    postKeyed(new Api(url, gateways.other.rootToken), `/v1/tenants/${tenant.id}/tokens`, wish, key);
  const first = send(gateways.unlucky.url);
  // Awaited by the test; until then nobody may be listening.
  first.catch(() => undefined);
  const waiting = `SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'gatehold' AND wait_event_type = 'Lock'
      AND query ILIKE 'INSERT INTO "tokens"%'`;
  while ((await asOwner(waiting)).length === 0);
  return { first, send, letGo: () => client.end() };
}
