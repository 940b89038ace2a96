import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';

import { makeTenant, type TestTenant } from '../support/api.js';
import { openSite, type Site } from '../support/browser-site.js';
import { BROWSER_LIMIT_MS, launchBrowser } from '../support/browser.js';
import { makeLink, storeFile } from '../support/download-urls.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from '../support/programs.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(BROWSER_LIMIT_MS);

/** Says so in its own document and at the site when it runs. */
const script = (origin: string, name: string): string =>
  `document.documentElement.setAttribute('data-ran','${name}');fetch('${origin}/beacon/${name}')`;

const html = (code: string): string =>
  `<!doctype html><html><body><script>${code}</script><img src="x:" onerror="${code}"></body></html>`;
const xhtml = (code: string): string =>
  `<html xmlns="http://www.w3.org/1999/xhtml"><body><script>${code}</script></body></html>`;
const svg = (code: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="${code}"><script>${code}</script></svg>`;
const mhtml = (code: string): string =>
  `MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n${html(code)}\r\n--b--\r\n`;

const ACTIVE = [
  ['page.html', 'text/html', html],
  ['page.xhtml', 'application/xhtml+xml', xhtml],
  ['picture.svg', 'image/svg+xml', svg],
  ['feed.xml', 'application/xml', xhtml],
  ['mail.mhtml', 'message/rfc822', mhtml],
  ['unknown', 'application/x-unknown', html],
] as const;

const DISGUISED = [
  ['page.html.txt', 'text/plain', html],
  ['page.json', 'application/json', html],
  ['picture.png', 'image/png', html],
  ['drawing.png', 'image/png', svg],
  ['page.pdf', 'application/pdf', html],
] as const;

describeWith(['chromium'], 'a file with script in it, opened by a link in a browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let site: Site;
  let tenant: TestTenant;

  beforeAll(async () => {
    [browser, site, tenant] = await Promise.all([
      launchBrowser(),
      openSite(),
      makeTenant(sharedGateway().root),
    ]);
  });

  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
  });

  afterEach(async () => {
    await context.close();
  });

  afterAll(async () => {
    await Promise.all([browser.close(), site.close()]);
  });

  /** URL of a link that asks for the file to be shown in place. */
  async function inlineUrl(name: string, type: string, content: string): Promise<string> {
    const sourceId = await storeFile(tenant.editor, name, type, content);
    return await makeLink(tenant.editor, sourceId, { disposition: 'inline' });
  }

  /** What has run so far: asked after a script of the site itself has been heard, which began later. */
  async function heard(): Promise<readonly string[]> {
    const fence = `fence-${site.beacons.length}`;
    const marker = await context.newPage();
    await marker.goto(site.show(html(script(site.origin, fence))));
    await eventually('the script of the site', async () => site.beacons.includes(fence));
    return site.beacons.filter((name) => !name.startsWith('fence-') && name !== 'control');
  }

  it('would be noticed: the same file at the site runs', async () => {
    await page.goto(site.show(html(script(site.origin, 'control'))));
    await eventually('the script', async () => site.beacons.includes('control'));
    expect(await page.locator('html').getAttribute('data-ran')).toBe('control');
  });

  it.each(ACTIVE)('DL-02: is saved and never shown: %s', async (name, type, make) => {
    const url = await inlineUrl(name, type, make(script(site.origin, name)));
    const saving = page.waitForEvent('download');
    await expect(page.goto(url)).rejects.toThrow('Download is starting');
    await (await saving).delete();
    expect(page.url()).toBe('about:blank');
    expect(await heard()).toEqual([]);
  });

  it.each(DISGUISED)('DL-02: runs nothing when shown as what it says it is: %s', async (name, type, make) => {
    const url = await inlineUrl(name, type, make(script(site.origin, name)));
    await page.goto(url);
    expect(await page.locator('html').getAttribute('data-ran')).toBeNull();
    expect(await heard()).toEqual([]);
  });

  it('DL-02: runs nothing inside a page of another site either, however it is put there', async () => {
    const urls = await Promise.all(
      [...ACTIVE, ...DISGUISED].map(([name, type, make]) =>
        inlineUrl(name, type, make(script(site.origin, name))),
      ),
    );
    const answered = new Set<string>();
    context.on('response', (response) => answered.add(response.url()));
    const elements = urls.map(
      (url) =>
        `<iframe src="${url}"></iframe><object data="${url}"></object><embed src="${url}"><img src="${url}">`,
    );
    await page.goto(site.show(elements.join('')), { waitUntil: 'commit' });
    await eventually('every file in the page', async () => urls.every((url) => answered.has(url)));
    expect(await heard()).toEqual([]);
    const frames = page.frames().filter((frame) => frame.url().startsWith(sharedGateway().url));
    for (const frame of frames) expect(await frame.locator('html').getAttribute('data-ran')).toBeNull();
  });
});
