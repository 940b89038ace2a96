import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, freshId, makeTenant, type TestTenant } from '../../support/api.js';
import { GatewayProcess } from '../../support/gateway-process.js';
import { ask, form, type Question, type Reply } from '../../support/raw-http.js';
import { sharedGateway } from '../../support/shared-gateway.js';

jest.setTimeout(60_000);

const BASE = 'https://files.example.com/gw';
const HOSTILE = {
  'x-forwarded-host': 'evil.test',
  'x-forwarded-proto': 'javascript',
  'x-forwarded-port': '666',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-server': 'evil.test',
  'x-original-url': '/evil',
  'x-rewrite-url': '/evil',
  forwarded: 'host=evil.test;proto=javascript',
};

let gateway: GatewayProcess;
let tenant: TestTenant;

beforeAll(async () => {
  gateway = await GatewayProcess.start({
    // Believing a proxy about addresses must not mean believing it about names.
    env: { GATEHOLD_PUBLIC_URL: `${BASE}/`, GATEHOLD_TRUSTED_PROXIES: '127.0.0.0/8' },
  });
  tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
});

afterAll(() => gateway.dispose());

/** A text put in by {@link upload}. */
const TEXT = 'one text';

function upload(id = freshId('s')): Question {
  const parts = [
    { name: 'source_id', content: id },
    { name: 'file', fileName: 'a.txt', type: 'text/plain', content: TEXT },
  ];
  const { type, body } = form(parts);
  return { method: 'POST', path: '/v1/sources', headers: { 'content-type': type }, body };
}

function json(path: string, value: unknown): Question {
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', path, headers, body: JSON.stringify(value) };
}

/** Every absolute URL anywhere in an answer. */
function urlsIn({ text, headers }: Reply): string[] {
  const values = [text, ...Object.values(headers)].join('\n');
  return [...values.matchAll(/\b[a-z]+:\/\/[^\s"'<>)\\]+/gi)].map(([url]) => url);
}

describe('GATEHOLD_PUBLIC_URL', () => {
  /** Every call that answers a URL, as one who wants it to be another sends it. */
  async function everyAnswer(): Promise<Record<string, Reply>> {
    const { editor, id: tenantId } = tenant;
    const put = (path: string): Question => ({ method: 'PUT', path, body: TEXT });
    const send = (question: Question, host = 'evil.test'): Promise<Reply> =>
      ask(gateway.url, {
        ...question,
        token: editor.token,
        headers: { ...question.headers, ...HOSTILE, host },
      });
    const made = await send(upload());
    const sourceId = made.json.source_id as string;
    const fetched = { tenant_id: tenantId, source_id: sourceId, mode: 'both' };
    return {
      'POST /v1/sources': made,
      'PUT content': await send(put(`/v1/sources/${freshId('s')}/content`)),
      'POST links': await send(json(`/v1/sources/${sourceId}/links`, {})),
      'POST links, absolute form': await send(json(`http://evil.test/v1/sources/${sourceId}/links`, {})),
      'GET links': await send({ path: '/v1/links' }),
      'GET sources': await send({ path: '/v1/sources?limit=1' }),
      'GET source': await send({ path: `/v1/sources/${sourceId}` }),
      'knowledge-base': await send({ path: `/knowledge-base/sources/${sourceId}/download` }),
      'fetch content': await send(json('/fetch/content', fetched)),
      'fetch source content': await send(json('/fetch/fetch-source-content', fetched)),
      fetch_source_content: await send(json('/fetch/fetch_source_content', fetched)),
      'an error': await send({ path: `/v1/sources/${freshId('none')}` }),
      'an unknown path': await send({ path: '/v2/nothing' }),
    };
  }

  it('PS-16: is the base of every URL of every answer, whatever a request says of its host', async () => {
    const answers = await everyAnswer();
    for (const [name, answer] of Object.entries(answers)) {
      const foreign = urlsIn(answer).filter((url) => !url.startsWith(`${BASE}/l/`));
      expect({ name, foreign, evil: /evil|javascript|:666/.test(answer.text) }).toEqual({
        name,
        foreign: [],
        evil: false,
      });
    }
    const links = Object.entries(answers).filter(([, answer]) => urlsIn(answer).length > 0);
    expect(links.map(([name]) => name)).toEqual([
      'POST links',
      'POST links, absolute form',
      'knowledge-base',
      'fetch content',
      'fetch source content',
      'fetch_source_content',
    ]);
  });

  it('PS-16: puts its path in front of the location of a new source', async () => {
    const answers = await everyAnswer();
    for (const name of ['POST /v1/sources', 'PUT content']) {
      const { json: source, headers } = answers[name] as Reply;
      expect(headers['location']).toBe(`/gw/v1/sources/${source.source_id as string}`);
    }
  });

  it('tells the description of the API where the operations are', async () => {
    const described = await ask(gateway.url, {
      path: '/openapi.json',
      headers: { ...HOSTILE, host: 'evil.test' },
    });
    expect(described.json.servers).toMatchObject([{ url: '/gw' }]);
    expect(described.text).not.toContain('evil.test');
  });

  it('is not needed to redirect: nothing that is asked for at the wrong place is sent elsewhere', async () => {
    for (const path of [
      '/docs/',
      '//evil.test/docs',
      '//evil.test',
      '/l/',
      '/v1/sources/',
      '/docs/..//evil.test',
    ]) {
      const answer = await ask(gateway.url, { path, headers: { ...HOSTILE, host: 'evil.test' } });
      expect({ path, location: answer.headers['location'] ?? null }).toEqual({ path, location: null });
    }
  });
});

describe('without GATEHOLD_PUBLIC_URL', () => {
  it('PS-16: the listening address is the base, whatever a request says of its host', async () => {
    const { root, url } = sharedGateway();
    const { editor } = await makeTenant(root);
    const made = await ask(url, { ...upload(), token: editor.token });
    const sourceId = made.json.source_id as string;
    const link = await ask(url, {
      ...json(`/v1/sources/${sourceId}/links`, {}),
      token: editor.token,
      headers: { 'content-type': 'application/json', ...HOSTILE, host: 'evil.test' },
    });
    expect(urlsIn(link).map((target) => new URL(target).origin)).toEqual([url]);
    expect(made.headers['location']).toBe(`/v1/sources/${sourceId}`);
  });
});
