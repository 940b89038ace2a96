import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { freshId, makeTenant, type Api, type TestTenant } from '../support/api.js';
import { repeatableTarget } from '../support/decisions.js';
import { KEPT, makeRepeatableVictim, type Victim } from '../support/isolation.js';
import { errorCodeOf, readOperations, type Operation } from '../support/operations.js';
import { otherPaths, samePaths } from '../support/path-variants.js';
import { ask } from '../support/raw-http.js';
import { rawRequest, type RawAnswer } from '../support/raw-request.js';
import { sharedGateway } from '../support/shared-gateway.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(120_000);

const { root, anonymous, url } = sharedGateway();
const host = new URL(url).host;

let operations: Operation[];
let victim: Victim;
let stranger: Api;

beforeAll(async () => {
  operations = await readOperations(root);
  victim = await makeRepeatableVictim(root);
  stranger = (await makeTenant(root)).admin;
});

const targetOf = (operation: Operation): string => repeatableTarget(operation, victim);

async function send({ method, path }: Operation, target: string, caller: Api): Promise<RawAnswer> {
  const seed = path.startsWith('/fetch/');
  const body = seed ? JSON.stringify({ tenant_id: victim.tenant.id, source_id: victim.sourceId }) : '';
  const lines = [
    ...(caller.token === null ? [] : [`Authorization: Bearer ${caller.token}`]),
    ...(seed ? ['Content-Type: application/json'] : []),
    // Nothing is to be stored by a spelling that turns out to be an id that nobody has.
    ...(method === 'PUT' ? ['If-Match: "x"'] : []),
    ...(method === 'GET' || method === 'HEAD' ? [] : [`Content-Length: ${body.length}`]),
  ];
  return await rawRequest(url, method, target, lines, body);
}

/** Links, times, and when a token was used, which is known a while later. */
const OF_THE_MOMENT = /\/l\/[\w-]+|"key_id":\d+|"last_used_\w+":(?:null|"[^"]*")|\d{4}-\d\d-\d\dT[\d:.]+Z/g;

/** What was decided: the status, the error's stable name, and on success the body without what time changes. */
function decisionOf({ status, body }: RawAnswer): string {
  if (status >= 400) return `${status} ${errorCodeOf(body) ?? ''}`;
  // Measurements change by the request; which ones there are does not.
  if (body.startsWith('# HELP ')) return `${status} ${body.match(/^# .*/gm)?.join('\n') ?? ''}`;
  // So does what is in an audit log, since each request may add to it; whose log it is was asked of other suites. An export
  // comes in chunks.
  if (/^(?:[0-9a-f]+\r\n)?(?:\{"data":\[)?\{"entry_id":/.test(body)) return `${status} entries of a log`;
  return `${status} ${body.replaceAll(OF_THE_MOMENT, '·')}`;
}

/** 404 and 405 of a path that is another or none, 400 of one that cannot be read, 403 of a link that is damaged. */
function isRefusal({ method, path }: Operation, { status, headers }: RawAnswer): boolean {
  if (status === 405) return !(headers.get('allow') ?? method).split(', ').includes(method);
  return status === 400 || status === 404 || (/^\/[lu]\/\{/.test(path) && status === 403);
}

/** Every spelling of every operation's path that is not decided as it has to be. */
async function disagreements(caller: Api): Promise<string[]> {
  const found: string[] = [];
  for (const operation of operations) {
    const path = targetOf(operation);
    const expected = decisionOf(await send(operation, path, caller));
    const same = Object.entries(samePaths(path, operation.path, host));
    const other = Object.entries(otherPaths(path, operation.path));
    await Promise.all(
      [...same, ...other].map(async ([name, target], index) => {
        const answer = await send(operation, target, caller);
        const agrees = decisionOf(answer) === expected;
        if (agrees || (index >= same.length && isRefusal(operation, answer))) return;
        found.push(`${operation.method} ${target} (${name}): ${decisionOf(answer)}, not ${expected}`);
      }),
    );
  }
  return found;
}

describe('AZ-06: guard and router agree about the path of every operation, however it is spelled', () => {
  it.each<[string, () => Api]>([
    ['nobody', () => anonymous],
    ['another tenant’s admin', () => stranger],
    ['an uploader', () => victim.tenant.uploader],
    ['the tenant’s own admin', () => victim.tenant.admin],
  ])('for %s: the decision of the plain path, or 400, 404, 405', async (_, caller) => {
    expect(await disagreements(caller())).toEqual([]);
  });

  it('lets nobody in without a token by HEAD or OPTIONS either', async () => {
    for (const operation of operations.filter(({ method, secured }) => secured && method === 'GET')) {
      const path = targetOf(operation);
      const targets = Object.values({
        ...samePaths(path, operation.path, host),
        ...otherPaths(path, operation.path),
      });
      const answers = targets.flatMap((target) =>
        ['HEAD', 'OPTIONS'].map(async (method) => {
          const { status, body } = await rawRequest(url, method, target);
          return [400, 401, 404, 405].includes(status) && !body.includes(KEPT)
            ? null
            : `${method} ${target}: ${status}`;
        }),
      );
      expect((await Promise.all(answers)).filter((problem) => problem !== null)).toEqual([]);
    }
  });

  it('takes a query or a fragment for no part of the path', async () => {
    for (const suffix of [
      '?/../../health/live',
      '#/health/live',
      '?%2f..%2f..%2fhealth%2flive',
      '?;/health/live',
    ]) {
      for (const operation of operations.filter(({ secured }) => secured))
        expect([
          suffix,
          (await send(operation, `${targetOf(operation)}${suffix}`, anonymous)).status,
        ]).toEqual([suffix, 401]);
    }
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE'])('answers %s * with an error', async (method) => {
    const answer = await rawRequest(url, method, '*', [`Authorization: Bearer ${root.token ?? ''}`]);
    expect([400, 404]).toContain(answer.status);
  });

  it('lets a path climb from a tenant’s own to another’s no way', async () => {
    const own = (await stranger.get('/v1/me')).json.tenant_id as string;
    for (const between of ['/../', '%2f..%2f', '/%2e%2e/', '%2f%2e%2e%2f', '\\..\\', ';/../', '/..;/']) {
      for (const rest of ['', '/tokens', '/sub-tenants', '/sub-tenants/default']) {
        const target = `/v1/tenants/${own}${between}${victim.tenant.id}${rest}`;
        const answer = await rawRequest(url, 'GET', target, [
          `Authorization: Bearer ${stranger.token ?? ''}`,
        ]);
        expect([target, [400, 404].includes(answer.status)]).toEqual([target, true]);
        expect(answer.body).not.toContain('"data"');
      }
    }
  });
});

describe('AZ-06: an id is read once and no further', () => {
  const IDS = [
    'a/b',
    'a%2fb',
    'a%252fb',
    '..',
    '.',
    '../x',
    'a//b',
    'a\\b',
    'a;b',
    'a?b',
    'a#b',
    'A',
    'a',
    'a ',
    'a+b',
    'a%00',
  ];

  let own: TestTenant;

  beforeAll(async () => {
    own = await makeTenant(root);
  });

  it('ids that differ only in spelling are different sources', async () => {
    const { editor, viewer } = own;
    const run = freshId('id');
    const path = (id: string): string => `/v1/sources/${encodeURIComponent(`${run}${id}`)}/content`;
    for (const id of IDS) {
      const answer = await ask(url, {
        method: 'PUT',
        path: path(id),
        token: editor.token,
        body: `this is ${id}`,
      });
      expect([id, answer.status]).toEqual([id, 201]);
    }
    for (const id of IDS) {
      const answer = await ask(url, { path: path(id), token: viewer.token });
      expect([id, answer.status, answer.text]).toEqual([id, 200, `this is ${id}`]);
      const made = await ask(url, { path: path(id).replace(/\/content$/, ''), token: viewer.token });
      expect(made.json.external_id).toBe(`${run}${id}`);
    }
  });

  it('an id with a separator is not reached by the path it looks like', async () => {
    const { editor, viewer } = own;
    const id = freshId('id');
    await editor.put(`${id}/x`, KEPT);
    for (const spelling of [
      `${id}/x`,
      `${id}/./x`,
      `${id}%252fx`,
      `${id}%5cx`,
      `${id}//x`,
      `${id}%2fy%2f..%2fx`,
    ]) {
      const answer = await ask(url, { path: `/v1/sources/${spelling}/content`, token: viewer.token });
      expect([spelling, answer.status]).toEqual([spelling, 404]);
      expect(answer.text).not.toContain(KEPT);
    }
  });
});
