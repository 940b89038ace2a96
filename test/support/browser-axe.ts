import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly target: readonly string[] }[];
}

const SOURCE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe-core, with all of its rules, calls serious or critical in a page as it stands: rule and element. */
export async function seriousViolations(page: Page): Promise<string[]> {
  await settled(page);
  await page.evaluate(await readFile(SOURCE, 'utf8'));
  const violations: Violation[] = await page.evaluate(
    "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)",
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, html }) => `${id}: ${target.join(' ')}: ${html}`));
}

/** Fades and unfolding change colours while they run. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(
    'Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))).then(() => undefined)',
  );
}
