import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, freshId, makeToken } from '../support/api.js';
import { BODY_MODES, type WireBody } from '../support/body-modes.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { makeVictim, type Victim } from '../support/isolation.js';
import { errorCodeOf, fillPath, readOperations, type Operation } from '../support/operations.js';
import { asOwner } from '../support/owner-connection.js';
import { rawRequest } from '../support/raw-request.js';
import { StoredState } from '../support/stored-state.js';
import { lookAgain } from '../support/look-again.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(120_000);

let gateway: GatewayProcess;
let stored: StoredState;
let root: Api;
let mine: Victim;
let theirs: Victim;
let operations: Operation[];

/** Credentials that are none or not good: their header lines, and the code of the refusal. */
let refused: [name: string, lines: string[], code: string][];
/** What a query may carry, by name. */
let queries: [name: string, query: string][];

const bearer = (token: string | null): string => `Authorization: Bearer ${token ?? ''}`;
const linkText = ({ url }: Victim): string => new URL(url).pathname.slice('/l/'.length);

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  root = new Api(gateway.url, gateway.rootToken);
  [mine, theirs] = await Promise.all([makeVictim(root), makeVictim(root)]);
  operations = (await readOperations(root)).filter(({ secured }) => secured);
  await prepare();
  stored = await StoredState.of(gateway);
}, 60_000);

afterAll(async () => {
  await stored.close();
  await gateway.dispose();
});

async function prepare(): Promise<void> {
  const { id, admin } = mine.tenant;
  const [revoked, expired] = await Promise.all([
    makeToken(root, id, { role: 'admin' }),
    makeToken(root, id, { role: 'admin' }),
  ]);
  await root.delete(`/v1/tenants/${id}/tokens/${(await revoked.get('/v1/me')).json.token_id as string}`);
  const expiredId = (await expired.get('/v1/me')).json.token_id as string;
  await asOwner(gateway.dataDir, (client) =>
    client.query('UPDATE tokens SET expires_at = now() WHERE token_id = $1', [expiredId]),
  );
  await lookAgain(root);
  const [good, other] = [bearer(admin.token), bearer(theirs.tenant.admin.token)];
  const basic = Buffer.from(`x:${admin.token ?? ''}`).toString('base64');
  refused = [
    ['none', [], 'credentials_missing'],
    ['garbage', [bearer('x')], 'invalid_token'],
    ['another checksum', [`${good.slice(0, -1)}${good.endsWith('0') ? '1' : '0'}`], 'invalid_token'],
    ['revoked', [bearer(revoked.token)], 'invalid_token'],
    ['expired', [bearer(expired.token)], 'invalid_token'],
    ['a link', [bearer(linkText(mine))], 'invalid_token'],
    ['empty', ['Authorization:'], 'malformed_credentials'],
    ['no scheme', [`Authorization: ${admin.token ?? ''}`], 'malformed_credentials'],
    ['two tokens in one', [`${good} ${theirs.tenant.admin.token ?? ''}`], 'malformed_credentials'],
    ['basic', [`Authorization: Basic ${basic}`], 'malformed_credentials'],
    ['joined by a comma', [`${good}, ${other.slice('Authorization: '.length)}`], 'malformed_credentials'],
    ['two good ones', [good, good], 'malformed_credentials'],
    ['two tenants’', [good, other], 'malformed_credentials'],
    ['a good one and a bad one', [good, bearer('x')], 'malformed_credentials'],
    ['a bad one and a good one', [bearer('x'), good], 'malformed_credentials'],
    ['a good one and an empty one', [good, 'authorization:'], 'malformed_credentials'],
    [
      'one in other headers',
      [`Proxy-${good}`, `X-${good}`, `X-Api-Key: ${admin.token ?? ''}`, `Cookie: token=${admin.token ?? ''}`],
      'credentials_missing',
    ],
  ];
  const names = ['access_token', 'token', 'Authorization'];
  const filled = (value: string): string => names.map((name) => `${name}=${value}`).join('&');
  queries = [
    ['nothing', ''],
    ...names.map((name): [string, string] => [name, `?${name}=${admin.token ?? ''}`]),
    ['an encoded scheme', `?Authorization=Bearer%20${admin.token ?? ''}`],
    ['garbage', `?${filled('x')}`],
    ['a link', `?link=${linkText(mine)}&l=${linkText(mine)}&signature=${linkText(mine)}`],
  ];
}

function targetOf({ path }: Operation, of: Victim): string {
  return fillPath(path, {
    tenant_id: of.tenant.id,
    sub_tenant_id: 'default',
    source_id: of.sourceId,
    token_id: of.tokenId,
    link_id: of.linkId,
    key_id: '1',
    upload_id: of.uploadId,
  });
}

/** Sends one request, and says what about its answer is not the 401 it has to be; null when all is well. */
async function notRefused(
  operation: Operation,
  query: string,
  lines: readonly string[],
  { body, code }: { body: WireBody; code: string },
): Promise<string | null> {
  const target = `${targetOf(operation, mine)}${query}`;
  const answer = await rawRequest(
    gateway.url,
    operation.method,
    target,
    [...lines, ...body.lines],
    body.bytes,
  );
  const family = operation.path.startsWith('/v1/')
    ? code
    : operation.path.startsWith('/fetch/')
      ? 'UNAUTHORIZED'
      : '';
  const isCode =
    operation.method === 'HEAD' ? answer.body === '' : (errorCodeOf(answer.body) ?? '').startsWith(family);
  const leaks = answer.body.includes(mine.tenant.admin.token ?? '');
  if (answer.status === 401 && isCode && !leaks) return null;
  return `${operation.method} ${target} ${lines.join(' | ')} (${body.lines.join(', ')}): ${answer.status} ${answer.body}`;
}

const all = async (requests: Promise<string | null>[]): Promise<string[]> =>
  (await Promise.all(requests)).filter((problem) => problem !== null);

describe('AN-01, AN-02: a credential that is none or not good, on every operation that asks for one', () => {
  it('AN-15: is refused whatever else comes in the query and in the body, and nothing is stored', async () => {
    const before = await stored.read();
    const modes = Object.values(BODY_MODES);
    for (const [index, operation] of operations.entries()) {
      const requests = queries.flatMap(([, query], column) =>
        refused.map(([, lines, code], row) => {
          // Every credential meets every query on every operation, and every kind of body in turn.
          const body = modes[(index + row * 3 + column * 5) % modes.length] as WireBody;
          return notRefused(operation, query, lines, { body, code });
        }),
      );
      expect(await all(requests)).toEqual([]);
    }
    expect(await stored.read()).toEqual(before);
  });

  it('is refused whatever kind of body comes with it, and nothing is stored', async () => {
    const before = await stored.read();
    for (const operation of operations) {
      const requests = Object.values(BODY_MODES).flatMap((body) => [
        notRefused(operation, '', [bearer('gth_nobody')], { body, code: 'invalid_token' }),
        notRefused(operation, '', [], { body, code: 'credentials_missing' }),
      ]);
      expect(await all(requests)).toEqual([]);
    }
    expect(await stored.read()).toEqual(before);
  });

  it('AN-15: leaves no token of a query in the log', async () => {
    await gateway.logged();
    expect(gateway.log).toContain('"status":401');
    for (const { tenant } of [mine, theirs])
      for (const { token } of [tenant.admin, tenant.editor]) expect(gateway.log).not.toContain(token);
    expect(gateway.log).not.toContain(linkText(mine));
  });
});

describe('AN-01: a credential that is good decides alone', () => {
  it('whatever another one the query carries', async () => {
    const ownId = (await mine.tenant.viewer.get('/v1/me')).json.token_id as string;
    for (const [, query] of queries) {
      const answer = await theirs.tenant.viewer.get(`/v1/me${query}`);
      expect([query, answer.status, answer.json.tenant_id]).toEqual([query, 200, theirs.tenant.id]);
      expect(answer.json.token_id).not.toBe(ownId);
      expect((await theirs.tenant.admin.get(`/v1/sources/${mine.sourceId}${query}`)).status).toBe(404);
    }
  });

  it('where bytes are stored: in the tenant of the header, and nowhere else', async () => {
    const before = await stored.read();
    for (const [index, [, query]] of queries.entries()) {
      const id = freshId(`where-${index}`);
      const path = `/v1/sources/${id}/content${query}`;
      expect((await theirs.tenant.uploader.request('PUT', path, { body: 'x' })).status).toBe(
        query === '' ? 201 : 422,
      );
    }
    const after = await stored.read();
    expect(after.files.length - before.files.length).toBe(1);
    expect((await mine.tenant.viewer.get('/v1/sources')).json.data).toHaveLength(1);
  });
});
