import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Api, expectStatus, makeTenant, type TestTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { readOperations } from '../support/operations.js';
import { ask, type Reply } from '../support/raw-http.js';

jest.setTimeout(120_000);

const ROOT_TOKEN = `canary-root-${randomBytes(24).toString('hex')}`;
const MASTER_KEY = randomBytes(32).toString('base64');

let gateway: GatewayProcess;
let tenant: TestTenant;
const secrets = new Map<string, string>();

beforeAll(async () => {
  gateway = await GatewayProcess.start({
    env: {
      GATEHOLD_LOG_LEVEL: 'debug',
      GATEHOLD_ROOT_TOKEN: ROOT_TOKEN,
      GATEHOLD_MASTER_KEY: MASTER_KEY,
    },
  });
  tenant = await makeTenant(new Api(gateway.url, ROOT_TOKEN));
  expectStatus(await tenant.editor.put('note', 'hello'), 201);
  secrets.set('the root token', ROOT_TOKEN).set('the master key', MASTER_KEY);
  for (const name of ['owner-password', 'runtime-password'])
    secrets.set(name, (await readFile(join(gateway.dataDir, 'postgres', name), 'utf8')).trim());
  for (const role of ['admin', 'editor', 'viewer', 'uploader'] as const)
    secrets.set(`the ${role} token`, tenant[role].token ?? '');
});

afterAll(() => gateway.dispose());

/** A value that stands nowhere else. */
function canary(what: string): string {
  const value = `canary${randomBytes(12).toString('hex')}`;
  secrets.set(what, value);
  return value;
}

/** What is sent along with every call, each a secret of its caller. */
function carried(): { query: string; headers: Record<string, string> } {
  return {
    query: `access_token=${canary('a query')}&X-Amz-Signature=${canary('a signature')}`,
    headers: {
      cookie: `session=${canary('a cookie')}`,
      'proxy-authorization': `Basic ${canary('proxy credentials')}`,
      'x-api-key': canary('a key'),
      'x-forwarded-for': canary('a forwarded address'),
      referer: `http://x/l/${canary('a link in a referrer')}`,
    },
  };
}

/** Calls an operation as somebody, with secrets in every place that a call has. */
async function call(method: string, path: string, token: string | null, bad: boolean): Promise<Reply> {
  const { query, headers } = carried();
  const target = path.replace('/l/{link}', `/l/${canary('a link')}`).replaceAll(/\{\w+\}/g, 'nothing');
  const body = bad ? `{"password": "${canary('a broken body')}` : JSON.stringify({ x: canary('a field') });
  const sends = method !== 'GET' && method !== 'HEAD' && method !== 'DELETE';
  return await ask(gateway.url, {
    method,
    path: `${target}?${query}`,
    token,
    headers: { ...headers, ...(sends ? { 'content-type': 'application/json' } : {}) },
    ...(sends ? { body } : {}),
  });
}

describe('secrets planted in every call of every operation (OP-01)', () => {
  it('are in no line of the log at level debug and in no error', async () => {
    const answers: { what: string; answer: Reply }[] = [];
    const callers = [
      ['nobody', null],
      ['a wrong token', canary('a wrong token')],
      ['a mistyped token', `${tenant.editor.token ?? ''}x`],
      ['a viewer', tenant.viewer.token],
      ['an admin', tenant.admin.token],
    ] as const;
    for (const { method, path } of await readOperations(new Api(gateway.url, null))) {
      for (const [who, token] of callers) {
        for (const bad of [false, true]) {
          const answer = await call(method, path, token, bad);
          answers.push({ what: `${method} ${path} by ${who}`, answer });
        }
      }
    }
    await gateway.signal('SIGTERM');

    expect(answers.length).toBeGreaterThan(200);
    expect(answers.filter(({ answer }) => answer.status >= 500).map(({ what }) => what)).toEqual([]);
    const errors = answers.filter(({ answer }) => answer.status >= 400);
    expect(errors.length).toBeGreaterThan(150);
    const log = gateway.log.split('\n').filter((line) => line !== '');
    expect(log.length).toBeGreaterThan(answers.length);
    for (const [what, secret] of secrets) {
      expect([what, log.filter((line) => line.includes(secret))]).toEqual([what, []]);
      const told = errors.filter(({ answer }) =>
        `${answer.text}${JSON.stringify(answer.headers)}`.includes(secret),
      );
      expect([what, told.map((one) => one.what)]).toEqual([what, []]);
    }
  });
});
