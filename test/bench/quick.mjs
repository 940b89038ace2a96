/**
 * `--quick`: some rows, measured for a short time, each beside the ratio that is recorded of it. What fails is measured once
 * more before it counts, since a busy moment of the machine is over by then and a slower gateway is not.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { runRow } from './bench.mjs';
import { quickTable } from './report/table.mjs';
import { besideRecorded } from './verdict.mjs';

const RECORDED = new URL('recorded.json', import.meta.url);

/** Measures a row and answers `{row, result, recorded, verdict}`; without `recorded` everything counts as reached. */
export async function runQuick(row, bench, recorded) {
  const first = await measured(row, bench, recorded);
  if (first.verdict.ok || first.recorded === undefined) return first;
  bench.say('less than recorded: once more');
  return measured(row, bench, recorded);
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
