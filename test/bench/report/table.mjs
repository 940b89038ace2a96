/** How results are shown. */
import { amount, figure, markdownTable } from './markdown.mjs';

const HEAD = ['row', 'value', 'floor', 'ratio', 'target', 'p50', 'p99', 'CPU', 'RSS', ''];
const QUICK_HEAD = ['row', 'value', 'floor', 'ratio', 'recorded', 'least', ''];

/** A Markdown table; `results` holds `{row, result}`, the result null where the row was left out. */
export function table(results) {
  return markdownTable(HEAD, results.map(cells));
}

function cells({ row, result }) {
  const target = row.atMost === true ? `< ${row.target} ${row.unit}` : `>= ${row.target}`;
  if (result === null) return [row.name, 'left out', '', '', target, '', '', '', '', ''];
  const { value, floor, ratio, ok } = result;
  return [
    row.name,
    value === null ? 'failed' : amount(value, row.unit),
    floor === null ? '' : `${amount(floor, row.unit)} (${row.floorName})`,
    ratio === null ? '' : figure(ratio),
    target,
    amount(result.p50_ms, 'ms'),
    amount(result.p99_ms, 'ms'),
    amount(result.cpu_us, 'µs'),
    amount(result.rss_mib, 'MiB'),
    ok ? 'ok' : 'NOT OK',
  ];
}

/** The same of `--quick`: `results` holds `{row, result, recorded, verdict}`. */
export function quickTable(results) {
  return markdownTable(
    QUICK_HEAD,
    results.map(({ row, result, recorded, verdict }) => [
      row.name,
      result.value === null ? 'failed' : amount(result.value, row.unit),
      amount(result.floor, row.unit),
      result.ratio === null ? '' : figure(result.ratio),
      recorded === undefined ? 'none' : figure(recorded),
      verdict.least === null ? '' : figure(verdict.least),
      verdict.ok ? 'ok' : 'NOT OK',
    ]),
  );
}
