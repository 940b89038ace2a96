/** What `--page` writes into docs/performance.md: each part between markers of its own, all of it made from the run. */
import { readFileSync, writeFileSync } from 'node:fs';

import { markdownTable } from './markdown.mjs';
import { table } from './table.mjs';

const PAGE = new URL('../../../docs/performance.md', import.meta.url);

/** The table, and what it was measured on and with. */
export function writeFigures(results, machine, command) {
  const facts = markdownTable(['', ''], Object.entries({ ...machine, command: `\`${command}\`` }));
  replaceParts({ figures: table(results), machine: facts });
}

/** What the rows are; there is nothing measured in it. */
export function writeRows(rows) {
  const cells = rows.map(({ name, about: [value, floor] }) => [`\`${name}\``, value, floor]);
  replaceParts({ rows: markdownTable(['row', 'the value', 'what the floor has in it'], cells) });
}

/** What the requests of a row are made of; the parts of other rows stay. */
export function writeProfile(name, text) {
  replaceParts({ [`profile of ${name}`]: text });
}

function replaceParts(parts) {
  writeFileSync(PAGE, Object.entries(parts).reduce(replacePart, readFileSync(PAGE, 'utf8')));
}

/** The page with one part replaced; throws when it has no place for it. */
export function replacePart(page, [name, text]) {
  const [begin, end] = [`<!-- ${name} -->\n`, `\n<!-- end of ${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`The page has no place for: ${name}.`);
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
}
