import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { freshId, type Api } from '../support/api.js';
import { makeVictim, type Victim, uploadText } from '../support/isolation.js';
import { fillPath, readOperations, type Operation } from '../support/operations.js';
import { ask } from '../support/raw-http.js';
import { rawRequest, type RawAnswer } from '../support/raw-request.js';
import { sharedGateway } from '../support/shared-gateway.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root, anonymous, url } = sharedGateway();
const EVIL = 'evil.example';

let operations: Operation[];
let victim: Victim;
let callers: Api[];

beforeAll(async () => {
  operations = await readOperations(root);
  victim = await makeVictim(root);
  callers = [anonymous, victim.tenant.uploader, victim.tenant.admin];
});

/** Every described path with ids that exist, or for writing ones that do not, and the pages beside them. */
function requests(): { method: string; target: string }[] {
  const described = operations.map(({ method, path }) => ({
    method,
    target: fillPath(path, {
      tenant_id: victim.tenant.id,
      sub_tenant_id: method === 'GET' ? 'default' : 'nowhere',
      source_id: method === 'GET' || method === 'HEAD' ? victim.sourceId : 'nowhere',
      token_id: 'nowhere',
      link_id: 'nowhere',
      key_id: 'nowhere',
      link: new URL(victim.url).pathname.slice('/l/'.length),
      upload_id: method === 'GET' ? victim.uploadId : 'nowhere',
      upload: uploadText(victim),
    }),
  }));
  const beside = [
    '/',
    '/docs',
    '/docs/',
    '/openapi.json',
    '/nowhere',
    '/l/broken',
    '/v1/',
    '/fetch/nowhere',
    '/%zz',
  ];
  return [...described, ...beside.map((target) => ({ method: 'GET', target }))];
}

const send = (method: string, target: string, { token }: Api, lines: readonly string[]): Promise<RawAnswer> =>
  rawRequest(url, method, target, [
    ...(token === null ? [] : [`Authorization: Bearer ${token}`]),
    ...(method === 'PUT' ? ['If-Match: "x"'] : []),
    ...lines,
  ]);

describe('DL-12: a page of another origin', () => {
  it('is granted nothing, on any path, with any token', async () => {
    for (const { method, target } of requests()) {
      for (const caller of callers) {
        for (const origin of [`https://${EVIL}`, 'null', url]) {
          const { headers } = await send(method, target, caller, [`Origin: ${origin}`]);
          expect([target, [...headers.keys()].filter((name) => name.startsWith('access-control-'))]).toEqual([
            target,
            [],
          ]);
          expect([...headers.values()].join()).not.toContain(EVIL);
        }
      }
    }
  });

  it('has every preflight refused', async () => {
    for (const { method, target } of requests()) {
      const answer = await send('OPTIONS', target, anonymous, [
        `Origin: https://${EVIL}`,
        `Access-Control-Request-Method: ${method}`,
        'Access-Control-Request-Headers: authorization, content-type',
        'Access-Control-Request-Private-Network: true',
      ]);
      expect([target, [400, 403, 404, 405].includes(answer.status)]).toEqual([target, true]);
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
});

describe('DL-17: a place to go on to, named by the request', () => {
  const WISHES = [
    'redirect',
    'redirect_uri',
    'next',
    'return_to',
    'url',
    'continue',
    'goto',
    'callback',
    'location',
  ];
  const PLACES = [
    `//${EVIL}`,
    `https:${EVIL}`,
    `/\\${EVIL}`,
    `https://${EVIL}/`,
    `%2f%2f${EVIL}`,
    `%0d%0aLocation:%20//${EVIL}`,
  ];

  /** Nothing sends the reader to another place, nor names one. */
  function expectStays(answer: RawAnswer, name: string): void {
    for (const header of ['location', 'content-location', 'refresh', 'link'])
      expect([name, header, answer.headers.get(header) ?? '']).toEqual([
        name,
        header,
        expect.not.stringContaining(EVIL),
      ]);
    expect([name, [301, 302, 303, 307, 308].includes(answer.status)]).toEqual([name, false]);
  }

  it('is in no Location, whichever operation and whichever field of the query', async () => {
    for (const { method, target } of requests()) {
      for (const place of PLACES) {
        const query = WISHES.map((wish) => `${wish}=${place}`).join('&');
        const forged = [
          `X-Forwarded-Host: ${EVIL}`,
          `Referer: https://${EVIL}/`,
          `X-Original-URL: //${EVIL}`,
        ];
        expectStays(
          await send(method, `${target}?${query}`, victim.tenant.admin, forged),
          `${method} ${target}`,
        );
      }
    }
  });

  it('is in no Location, whatever the path looks like', async () => {
    const paths = [
      `//${EVIL}`,
      `//${EVIL}/docs`,
      `/\\${EVIL}`,
      `/%5c${EVIL}`,
      `/%2f${EVIL}`,
      `/docs//${EVIL}`,
      `/docs/..//${EVIL}`,
      `/docs/%2e%2e//${EVIL}`,
      `//${EVIL}/%2e%2e`,
      `/docs\\${EVIL}`,
      `/l//${EVIL}`,
      `/v1//${EVIL}/..`,
      `http://${EVIL}/docs`,
      `http://${EVIL}//docs`,
      `/https:${EVIL}`,
    ];
    for (const path of paths) {
      for (const suffix of ['', '/', '?x']) {
        const answer = await send('GET', `${path}${suffix}`, anonymous, []);
        for (const header of ['location', 'content-location', 'refresh'])
          expect([path, answer.headers.get(header) ?? '']).toEqual([path, expect.not.stringContaining(EVIL)]);
      }
    }
  });

  it('is in no Location when a source has it for its id, its name or its link’s name', async () => {
    const { editor, viewer } = victim.tenant;
    for (const place of [`//${EVIL}`, `https://${EVIL}`, `/\\${EVIL}`, `javascript:${EVIL}`]) {
      const id = `${place}/${freshId('s')}`;
      const made = await editor.upload('x', 'plain.txt', 'text/plain', {
        source_id: id,
        name: `https:${EVIL}`,
      });
      expect(made.status).toBe(201);
      const path = `/v1/sources/${encodeURIComponent(id)}`;
      const link = await editor.post(`${path}/links`, { filename: `${EVIL}.txt` });
      const answers = [
        made,
        link,
        await viewer.get(path),
        await viewer.get(`${path}/content`),
        await anonymous.get(link.json.url as string),
      ];
      for (const answer of answers) {
        expect(answer.status).toBeLessThan(300);
        for (const header of ['location', 'content-location', 'refresh', 'link'])
          expect(answer.headers.get(header) ?? '').not.toMatch(
            new RegExp(`^[^/]|^/[/\\\\]|${EVIL}(?!.*%2F)`, 'i'),
          );
      }
      expect((await ask(url, { method: 'DELETE', path, token: editor.token })).status).toBe(204);
    }
  });
});
