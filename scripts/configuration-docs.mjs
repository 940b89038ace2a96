/**
 * `npm run docs:configuration`: writes docs/configuration.md from the definitions in libs/config. A test fails when
 * the page and the definitions differ.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, ROOT } from './prepare.mjs';

await prepare();
const { configurationPage } = await import('../dist/libs/config/index.js');
mkdirSync(join(ROOT, 'docs'), { recursive: true });
writeFileSync(join(ROOT, 'docs', 'configuration.md'), configurationPage());
