/**
 * `npm run openapi`: writes openapi.json from what the operations declare about themselves. Needs no database, no data
 * folder and no port. A test fails when the file and the gateway's own /openapi.json differ.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, ROOT } from './prepare.mjs';

await prepare();
await import('reflect-metadata');
const { describeApi } = await import('../dist/apps/gateway/src/openapi/offline.js');
const document = await describeApi();
// Paths and names sorted, so that a moved controller or a renamed module changes nothing in the file.
document.paths = sorted(document.paths);
for (const [kind, entries] of Object.entries(document.components))
  document.components[kind] = sorted(entries);
writeFileSync(join(ROOT, 'openapi.json'), `${JSON.stringify(document, null, 2)}\n`);

function sorted(entries) {
  return Object.fromEntries(Object.entries(entries).sort(([one], [other]) => (one < other ? -1 : 1)));
}
