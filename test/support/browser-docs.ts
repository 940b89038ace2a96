import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';

import { listen, type Complaints } from './browser.js';

/**
 * Opens the API page of `url` in a window of that width (a telephone's, if narrow) which knows nothing of others, and
 * closes it when `use` is done.
 */
export async function withDocs<T>(
  browser: Browser,
  { url, width }: { readonly url: string; readonly width: number },
  use: (docs: DocsPage, complaints: Complaints) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    isMobile: width < 640,
    reducedMotion: 'reduce',
  });
  try {
    const complaints = listen(context, url);
    const docs = new DocsPage(await context.newPage(), url);
    await docs.open();
    return await use(docs, complaints);
  } finally {
    await context.close();
  }
}

/** What the page shows after Execute. */
export interface ShownAnswer {
  readonly status: number;
  /** Everything in the answer's box: reason, body and headers. */
  readonly text: string;
}

/** The API page as a person uses it: by clicks and typing alone. */
export class DocsPage {
  constructor(
    readonly page: Page,
    readonly url: string,
  ) {}

  /** Opens the page, with a query if wanted, and waits until the operations are there. */
  async open(query = ''): Promise<void> {
    await this.page.goto(`${this.url}/docs${query}`);
    await this.page.locator('.opblock').first().waitFor();
  }

  /** Opens the dialog that takes the token. */
  async openDialog(): Promise<void> {
    await this.page.locator('.scheme-container').getByRole('button', { name: 'Authorize' }).click();
    await this.page.locator('.modal-ux').waitFor();
  }

  /** Types a token into the open dialog and presses Authorize. */
  async giveToken(token: string): Promise<void> {
    const dialog = this.page.locator('.modal-ux');
    await dialog.getByRole('textbox').fill(token);
    await dialog.getByRole('button', { name: 'Authorize', exact: true }).click();
    await dialog.getByRole('button', { name: 'Logout' }).waitFor();
  }

  /** Presses Logout in the open dialog. */
  async forgetToken(): Promise<void> {
    await this.page.locator('.modal-ux').getByRole('button', { name: 'Logout' }).click();
  }

  /** Closes the dialog by the cross in its corner. */
  async closeDialog(): Promise<void> {
    await this.page.locator('.modal-ux-header').getByRole('button', { name: 'Close' }).click();
    await this.page.locator('.modal-ux').waitFor({ state: 'detached' });
  }

  /** Does the three of them. */
  async authorise(token: string): Promise<void> {
    await this.openDialog();
    await this.giveToken(token);
    await this.closeDialog();
  }

  /** Unfolds an operation. */
  async operation(method: string, path: string): Promise<OperationPanel> {
    const panel = this.page
      .locator(`.opblock-${method.toLowerCase()}`)
      .filter({ has: this.page.locator(`[data-path="${path}"]`) });
    await panel.locator('.opblock-summary-control').click();
    await panel.getByRole('button', { name: 'Execute' }).waitFor();
    return new OperationPanel(panel);
  }

  /** Keeps what is in the window as test output, under a name of its own. */
  async keep(name: string): Promise<void> {
    await this.page.screenshot({ path: join(import.meta.dirname, '..', 'output', `${name}.png`) });
  }
}

/** One unfolded operation. */
export class OperationPanel {
  constructor(readonly panel: Locator) {}

  /** Folds it up again. */
  async fold(): Promise<void> {
    await this.panel.locator('.opblock-summary-control').click();
  }

  /** The field of a parameter, of the path, the query or a header, or of the form. */
  field(name: string): Locator {
    return this.panel
      .locator(`tr[data-param-name="${name}"], tr[data-property-name="${name}"]`)
      .locator('input')
      .first();
  }

  /** Chooses a file for the form, from memory. */
  async choose(name: string, mimeType: string, content: string): Promise<void> {
    const field = this.field('file');
    await field.setInputFiles({ name, mimeType, buffer: Buffer.from(content) });
    await field.scrollIntoViewIfNeeded();
  }

  /** Types a request body. */
  async type(body: object): Promise<void> {
    await this.panel.getByRole('textbox', { name: 'Request body' }).fill(JSON.stringify(body));
  }

  /** Presses Execute and reads what the page then shows of that very answer. */
  async execute(): Promise<ShownAnswer> {
    const page = this.panel.page();
    const arriving = page.waitForResponse((response) => response.request().resourceType() === 'fetch');
    await this.panel.getByRole('button', { name: 'Execute' }).click();
    const requestId = (await arriving).headers()['x-request-id'] ?? '';
    const shown = this.panel.locator('.live-responses-table').filter({ hasText: requestId });
    await shown.waitFor();
    const status = await shown.locator('tbody .response-col_status').first().innerText();
    return { status: Number.parseInt(status, 10), text: await shown.innerText() };
  }

  /** A field of the JSON body that is shown. */
  async shown(name: string): Promise<unknown> {
    const body = await this.panel.locator('.live-responses-table .microlight').first().innerText();
    return (JSON.parse(body) as Record<string, unknown>)[name];
  }

  /** Clicks the link that the page offers for bytes, and reads what is saved. */
  async saveFile(): Promise<Buffer> {
    const saving = this.panel.page().waitForEvent('download');
    await this.panel.getByRole('link', { name: 'Download file' }).click();
    return await readFile(await (await saving).path());
  }

  /** Brings the answer into the window. */
  async showAnswer(): Promise<void> {
    const id = JSON.stringify(await this.panel.getAttribute('id'));
    await this.panel
      .page()
      .evaluate(`document.getElementById(${id}).querySelector('.live-responses-table').scrollIntoView()`);
  }
}
