/**
 * `npm run bench`: makes the clone ready, measures, prints a table. Ends with 1 when a row misses its target.
 *
 *   npm run bench -- --only NAME[,NAME]   these rows only
 *   npm run bench -- --json FILE          writes [{name, unit, value, floor_name, floor, ratio, target, ok, p50_ms, ...}] as well
 *   npm run bench -- --compare OLD.json   shows beside it what such a file says
 *   npm run bench -- --page               writes docs/performance.md anew as well
 *   npm run bench -- --quick              some rows in under 90 s, each beside its recorded ratio: ends with 1 when one is far below
 *   npm run bench -- --quick --record     records the ratios instead
 *   npm run bench -- --profile NAME       what the requests of these rows are made of, instead of how fast they are
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { chosenRows, named, OptionsError, readOptions } from '../test/bench/options.mjs';
import { prepare } from './prepare.mjs';

const SIGNALS = { SIGINT: 130, SIGTERM: 143 };

const options = orRefuse(() => readOptions(process.argv.slice(2)));
const earlier = options.compare === undefined ? null : orRefuse(() => readResults(options.compare));
await prepare();
// The SDK announces which Node.js it will want one day, into the midst of the figures.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const { ROWS } = await import('../test/bench/rows.mjs');
const { Bench, runRow } = await import('../test/bench/bench.mjs');
const { quickReport, readRecorded, record, runQuick, runToRecord } = await import('../test/bench/quick.mjs');
const { compareResults, comparisonTable } = await import('../test/bench/report/comparison.mjs');
const { writeFigures, writeProfile, writeRows } = await import('../test/bench/report/page.mjs');
const { table } = await import('../test/bench/report/table.mjs');
const { describeMachine } = await import('../test/bench/support/machine.mjs');

const profiled = ROWS.filter((row) => row.profile !== undefined);
const rows = orRefuse(() =>
  options.profile === undefined ? chosenRows(ROWS, options) : named(profiled, options.profile),
);
const recorded = options.quick && !options.record ? readRecorded() : {};
// What a request is made of is the same among few sources.
const bench = new Bench({ quick: options.quick || options.profile !== undefined });
let interrupted = false;
for (const [signal, code] of Object.entries(SIGNALS))
  process.once(signal, () => {
    interrupted = true;
    void bench.close().finally(() => process.exit(code));
  });
const results = [];
try {
  for (const row of rows) {
    const outcome = await measure(row);
    // What is being stopped under a row makes it fail, and the next one would start it all again.
    if (interrupted) break;
    results.push(outcome);
  }
  if (!interrupted) await report();
} finally {
  await bench.close();
}

/** Anything that the command line may be wrong about; says so and ends. */
function orRefuse(work) {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return process.exit(2);
  }
}

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new OptionsError(`--compare: ${error.message}`);
  }
}

async function measure(row) {
  if (options.profile !== undefined) return { row, text: await row.profile(bench) };
  if (options.record) return runToRecord(row, bench);
  return options.quick ? runQuick(row, bench, recorded) : { row, result: await runRow(row, bench) };
}

async function report() {
  if (options.profile !== undefined) return reportProfiles();
  const measured = results.map(({ result }) => result).filter((result) => result !== null);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(measured, null, 2)}\n`);
  if (options.page) {
    writeFigures(results, await describeMachine(), commandLine(process.argv.slice(2)));
    writeRows(ROWS);
  }
  if (options.record) record(results, await describeMachine());
  print(options.quick && !options.record ? quickReport(results) : table(results));
  if (earlier !== null) print(comparisonTable(compareResults(earlier, measured, { lessIsBetter })));
  if (!options.record && !results.every(isGood)) process.exitCode = 1;
}

/** As one would type it; where files are is nobody else's business. */
function commandLine(args) {
  const isFile = (index) => ['--json', '--compare'].includes(args[index - 1]);
  return ['npm run bench', '--', ...args.map((arg, index) => (isFile(index) ? 'FILE' : arg))].join(' ');
}

function reportProfiles() {
  for (const { row, text } of results) {
    print(`${row.name}: ${text}`);
    if (options.page) writeProfile(row.name, text);
  }
}

function isGood({ result, verdict }) {
  return verdict === undefined ? result === null || result.ok : verdict.ok;
}

/** Of rows whose value is what somebody waits for, or what is taken up. */
function lessIsBetter(name) {
  const { atMost = false, unit } = ROWS.find((row) => row.name === name);
  return atMost || unit.startsWith('ms');
}

function print(text) {
  process.stdout.write(`\n${text}\n`);
}
