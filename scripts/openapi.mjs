/**
 * `npm run openapi`: writes openapi.json from what the operations declare about themselves, and the table of docs/api.md
 * that says which scopes each needs. Needs no database, no data folder and no port. Tests fail when the file and the
 * gateway's own /openapi.json differ, and when the table and the file do.
 */
import { readFileSync, writeFileSync } from 'node:fs';
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
const page = join(ROOT, 'docs', 'api.md');
writeFileSync(
  page,
  readFileSync(page, 'utf8').replace(/\| call +\| scope +\|\n(?:\|.*\n)+/, () => scopeTable(document)),
);

/** Every operation and what its caller needs, laid out as prettier does. */
function scopeTable({ paths }) {
  const rows = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [
      `\`${method.toUpperCase()} ${path}\``,
      needOf(operation),
    ]),
  );
  const [left, right] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (one, other) => `| ${one.padEnd(left)} | ${other.padEnd(right)} |\n`;
  const head = line('call', 'scope') + line('-'.repeat(left), '-'.repeat(right));
  return head + rows.map(([call, need]) => line(call, need)).join('');
}

function needOf({ security, 'x-required-scopes': scopes }) {
  if (security.length === 0) return 'none: open to everybody';
  return scopes.length === 0 ? 'any valid token' : scopes.map((scope) => `\`${scope}\``).join(' or ');
}

function sorted(entries) {
  return Object.fromEntries(Object.entries(entries).sort(([one], [other]) => (one < other ? -1 : 1)));
}
