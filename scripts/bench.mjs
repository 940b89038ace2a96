/**
 * `npm run bench`: makes the clone ready, measures, prints a table. Ends with 1 when a row misses its target.
 *
 *   npm run bench -- --only NAME[,NAME]   these rows only
 *   npm run bench -- --json FILE          writes [{name, unit, value, floor_name, floor, ratio, target, ok, p50_ms, ...}] as well
 *   npm run bench -- --page               writes the table into docs/performance.md as well
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepare, ROOT } from './prepare.mjs';

const PAGE = join(ROOT, 'docs', 'performance.md');
const FIGURES = /(<!-- figures -->\n)[^]*(\n<!-- end of figures -->)/;
const SIGNALS = { SIGINT: 130, SIGTERM: 143 };

const options = readOptions();
await prepare();
// The SDK announces which Node.js it will want one day, into the midst of the figures.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const { ROWS } = await import('../test/bench/rows.mjs');
const { Bench, runRow } = await import('../test/bench/bench.mjs');
const { table } = await import('../test/bench/table.mjs');

const rows = chosen(options.only);
const bench = new Bench();
let interrupted = false;
for (const [signal, code] of Object.entries(SIGNALS))
  process.once(signal, () => {
    interrupted = true;
    void bench.close().finally(() => process.exit(code));
  });
const results = [];
try {
  for (const row of rows) {
    const result = await runRow(row, bench);
    // What is being stopped under a row makes it fail, and the next one would start it all again.
    if (interrupted) break;
    results.push({ row, result });
  }
  if (!interrupted) report();
} finally {
  await bench.close();
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        json: { type: 'string' },
        page: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    return refuse(error.message);
  }
}

function chosen(only) {
  if (only === undefined) return ROWS;
  const names = only.split(',');
  const known = ROWS.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) refuse(`There is no row ${unknown.join(', ')}. Rows: ${known.join(', ')}.`);
  return ROWS.filter(({ name }) => names.includes(name));
}

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function report() {
  const text = table(results);
  process.stdout.write(`\n${text}\n`);
  const measured = results.map(({ result }) => result).filter((result) => result !== null);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(measured, null, 2)}\n`);
  if (options.page)
    writeFileSync(
      PAGE,
      readFileSync(PAGE, 'utf8').replace(FIGURES, (_, begin, end) => `${begin}\n${text}\n${end}`),
    );
  if (measured.some(({ ok }) => !ok)) process.exitCode = 1;
}
