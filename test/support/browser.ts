import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

import { programPath } from './programs.js';

/** A name that leads to this machine in the browser alone, for a page that is neither local nor secure. */
export const PUBLIC_NAME = 'gateway.example';

/** No test of a browser takes longer, on the slowest machine. */
export const BROWSER_LIMIT_MS = 60_000;

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  // Nothing outside this machine has an address.
  `--host-resolver-rules=MAP ${PUBLIC_NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost`,
];

/** Without a locale of UTF-8, Chromium saves what has other letters than ASCII in its name as "download". */
const LOCALE = { LC_ALL: 'C.UTF-8' };

/** Starts the operating system's Chromium, headless. Whoever starts it closes it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: programPath('chromium'),
    args: FLAGS,
    env: { ...process.env, ...LOCALE },
  });
}

/** What went wrong in a page without anybody clicking on it. */
export interface Complaints {
  /** Console errors and warnings, uncaught errors, requests without an answer. */
  readonly errors: string[];
  /** Requests to another origin than the page's own. */
  readonly foreign: string[];
}

/** Listens to everything that a context's pages complain about; `origin` is where they are from. */
export function listen(context: BrowserContext, origin: string): Complaints {
  const complaints: Complaints = { errors: [], foreign: [] };
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.errors.push(message.text());
  });
  context.on('weberror', (problem) => complaints.errors.push(String(problem.error())));
  context.on('requestfailed', (request) => complaints.errors.push(`no answer: ${request.url()}`));
  context.on('request', (request) => {
    const { protocol, origin: to } = new URL(request.url());
    if (protocol.startsWith('http') && to !== origin) complaints.foreign.push(request.url());
  });
  return complaints;
}

/** Whether a page is wider than its window, in pixels of each. */
export async function widths(page: Page): Promise<{ window: number; page: number }> {
  return await page.evaluate('({ window: innerWidth, page: document.documentElement.scrollWidth })');
}
