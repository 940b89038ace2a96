/**
 * `--quick`: some rows, measured for a short time, each beside the ratio that is recorded of it. What fails is measured
 * again before it counts, since a busy moment of the machine is over by then and a slower gateway is not.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { runRow } from './bench.mjs';
import { quickTable } from './report/table.mjs';
import { besideRecorded } from './verdict.mjs';

const RECORDED = new URL('recorded.json', import.meta.url);

/** How often a row may be measured until it reaches what it has to, and how often one is that is recorded. */
const TRIES = 3;

/** Measures a row and answers `{row, result, recorded, verdict}`; one that is far below what is recorded again. */
export async function runQuick(row, bench, recorded) {
  for (let left = TRIES - 1; ; left -= 1) {
    const found = await measured(row, bench, recorded);
    if (found.verdict.ok || found.recorded === undefined || left === 0) return found;
    bench.say('far less than recorded: once more');
  }
}

/** Measures a row several times and answers the lowest, `{row, result}`: what it reaches on a bad day of the machine, too. */
export async function runToRecord(row, bench) {
  const results = [];
  for (let time = 1; time <= TRIES; time += 1) results.push(await runRow(row, bench));
  results.sort((one, other) => one.ratio - other.ratio);
  return { row, result: results[0] };
}

async function measured(row, bench, recorded) {
  const result = await runRow(row, bench);
  const ratio = recorded[row.name];
  return { row, result, recorded: ratio, verdict: besideRecorded(result, ratio) };
}

/** What is recorded: ratios by the names of rows. */
export function readRecorded() {
  return JSON.parse(readFileSync(RECORDED, 'utf8')).ratios;
}

/** Records the ratios of this run, and leaves those of other rows. Throws when one could not be measured. */
export function record(results, machine) {
  const failed = results.find(({ result }) => result.ratio === null);
  if (failed !== undefined) throw new Error(`${failed.row.name} has failed: nothing is recorded.`);
  const measuredNow = results.map(({ row, result }) => [row.name, Number(result.ratio.toPrecision(3))]);
  const ratios = { ...readRecorded(), ...Object.fromEntries(measuredNow) };
  writeFileSync(RECORDED, `${JSON.stringify({ machine, ratios }, null, 2)}\n`);
}

/** The table, and how many rows passed and failed. */
export function quickReport(results) {
  const failed = results.filter(({ verdict }) => !verdict.ok).length;
  return `${quickTable(results)}\n\n${results.length - failed} passed, ${failed} failed`;
}
