import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser } from 'playwright-core';

import { Api } from '../support/api.js';
import { withDocs } from '../support/browser-docs.js';
import { openSite, type Site } from '../support/browser-site.js';
import { BROWSER_LIMIT_MS, launchBrowser, listen, PUBLIC_NAME } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { describeWith } from '../support/programs.js';

jest.setTimeout(BROWSER_LIMIT_MS);

const SECRET = 'not-for-the-page-0123456789abcdef';
const FILES = [
  '/docs',
  '/docs/',
  '/docs/index.html',
  '/docs/swagger-ui-init.js',
  '/docs/swagger-ui.css',
  '/docs/favicon-32x32.png',
];

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: { GATEHOLD_TEST_SECRET: SECRET } });
}, BROWSER_LIMIT_MS);

afterAll(async () => {
  await gateway.dispose();
});

describe('what the API page tells a stranger', () => {
  const anonymous = (): Api => new Api(gateway.url, null);

  it('OP-02: no secret, setting, path or name of the machine it runs on', async () => {
    const passwords = await Promise.all(
      ['owner-password', 'runtime-password'].map((file) =>
        readFile(join(gateway.dataDir, 'postgres', file), 'utf8'),
      ),
    );
    const machine = hostname().length > 3 ? [hostname()] : [];
    const secrets = [
      SECRET,
      'GATEHOLD_TEST_SECRET',
      gateway.rootToken,
      gateway.dataDir,
      process.execPath,
    ].concat(['postgres://', ...passwords.map((text) => text.trim()), ...machine]);
    for (const path of [
      ...FILES,
      '/openapi.json',
      '/docs/nothing',
      '/nothing',
      '/health/live',
      '/health/ready',
    ]) {
      const { text } = await anonymous().get(path);
      expect({ path, told: secrets.filter((one) => text.includes(one)) }).toEqual({ path, told: [] });
    }
  });

  it('DL-18: no version but the API’s own, in no header and no answer', async () => {
    const { dependencies } = JSON.parse(
      await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'),
    ) as { dependencies: Record<string, string> };
    const versions = [process.version, process.versions.node, ...Object.values(dependencies)].filter(
      // Too short a number is found by chance.
      (version) => version.length > 5 && version !== '0.1.0',
    );
    for (const path of ['/docs', '/openapi.json', '/nothing', '/health/live', '/health/ready']) {
      const { text, headers } = await anonymous().get(path);
      expect({ path, told: versions.filter((version) => text.includes(version)) }).toEqual({
        path,
        told: [],
      });
      const names = [...headers.keys()];
      expect(names.filter((name) => /^(?:server|via|x-powered-by|x-.*version)$/.test(name))).toEqual([]);
    }
  });

  it.each([
    '/docs/package.json',
    '/docs/%70ackage.json',
    '/%64ocs/package.json',
    '/docs//package.json',
    '/docs/README.md',
    '/docs/swagger-initializer.js',
    '/docs/swagger-ui-bundle.js.map',
    '/docs/oauth2-redirect.html',
    '/docs/..%2fpackage.json',
  ])('DL-18: nothing of the program that draws the page beyond the page: %s', async (path) => {
    const answer = await anonymous().get(path);
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ code: 'not_found' });
  });

  it.each(FILES)('locks down its own origin with every part: %s', async (path) => {
    const { status, headers } = await anonymous().get(path);
    expect(status).toBe(200);
    const policy = headers.get('content-security-policy')?.split('; ') ?? [];
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"]),
    );
    expect(policy.find((directive) => directive.startsWith('script-src'))).toMatch(
      /^script-src 'self' 'sha256-[A-Za-z0-9+/]{43}='$/,
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });
});

it('DL-18: with GATEHOLD_DOCS=off there is neither page nor description', async () => {
  const silent = await GatewayProcess.start({ env: { GATEHOLD_DOCS: 'off' } });
  try {
    const anonymous = new Api(silent.url, null);
    for (const path of [...FILES, '/openapi.json']) {
      const { status, json } = await anonymous.get(path);
      expect({ path, status, code: json.code }).toEqual({ path, status: 404, code: 'not_found' });
    }
    expect((await anonymous.get('/health/live')).status).toBe(200);
  } finally {
    await silent.dispose();
  }
});

describeWith(['chromium'], 'the API page of another gateway in a browser', () => {
  let browser: Browser;
  let site: Site;

  beforeAll(async () => {
    [browser, site] = await Promise.all([launchBrowser(), openSite()]);
  });

  afterAll(async () => {
    await Promise.all([browser.close(), site.close()]);
  });

  it('offers examples with which Execute works as it stands', async () => {
    await withDocs(browser, { url: gateway.url, width: 1440 }, async (docs) => {
      await docs.authorise(gateway.rootToken);
      for (const [method, path, status] of [
        ['POST', '/v1/tenants', 201],
        ['POST', '/v1/tenants/{tenant_id}/tokens', 201],
        ['GET', '/v1/me', 200],
      ] as const) {
        const panel = await docs.operation(method, path);
        const answer = await panel.execute();
        expect({ path, status: answer.status }).toEqual({ path, status });
        await panel.fold();
      }
    });
  });

  it.each(['', '?url=http://elsewhere.example/x.json', '?configUrl=http://elsewhere.example/x.json'])(
    'asks nobody else under a public name, whatever its address says: /docs%s',
    async (query) => {
      const context = await browser.newContext();
      const origin = `http://${PUBLIC_NAME}:${new URL(gateway.url).port}`;
      const complaints = listen(context, origin);
      const page = await context.newPage();
      await page.goto(`${origin}/docs${query}`);
      await page.getByRole('heading', { name: 'Gatehold' }).waitFor();
      await page.locator('.opblock').first().waitFor();
      await page.waitForLoadState('networkidle');
      expect(complaints).toEqual({ errors: [], foreign: [] });
      await context.close();
    },
  );

  it('cannot be framed by another site, which could steer the clicks of whoever holds a token', async () => {
    const page = await browser.newPage();
    const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'));
    await page.goto(site.show(`<iframe src="${gateway.url}/docs"></iframe>`));
    await refused;
    const frame = await eventually('the frame of an error', async () =>
      page.frames().find((one) => one.url().startsWith('chrome-error:')),
    );
    expect(await frame.locator('#swagger-ui').count()).toBe(0);
    expect(page.frames()).toHaveLength(2);
    await page.close();
  });
});
