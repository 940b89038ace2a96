/** This run beside an earlier one. */
import { amount, figure, markdownTable } from './markdown.mjs';

const HEAD = ['row', 'of it', 'before', 'now', 'change', ''];

/**
 * What is compared of a row, whether more of it is better, and by which part it may be worse in two runs of the same
 * program: ratios least of all, since whatever slows the machine slows both sides, and percentiles most, being of few.
 */
const MEASURES = [
  { key: 'ratio', unit: '', moreIsBetter: true, noise: 0.1 },
  { key: 'value', moreIsBetter: true, noise: 0.15 },
  { key: 'p99_ms', unit: 'ms', moreIsBetter: false, noise: 0.3 },
  { key: 'cpu_us', unit: 'µs', moreIsBetter: false, noise: 0.1 },
  { key: 'rss_mib', unit: 'MiB', moreIsBetter: false, noise: 0.1 },
];

/**
 * Every measure of every row that both runs have: `{name, key, unit, before, now, change, isWorse}`. `change` is a part of
 * what there was before, positive where it is more; null where there was nothing.
 */
export function compareResults(before, now, { lessIsBetter = () => false } = {}) {
  const earlier = new Map(before.map((result) => [result.name, result]));
  return now.flatMap((result) => {
    const old = earlier.get(result.name);
    return old === undefined
      ? []
      : MEASURES.flatMap((measure) => compared(old, result, measure, lessIsBetter));
  });
}

function compared(old, result, { key, unit = result.unit, moreIsBetter, noise }, lessIsBetter) {
  const [before, now] = [old[key] ?? null, result[key] ?? null];
  if (before === null || now === null) return [];
  const change = before === 0 ? null : (now - before) / before;
  const isGain = key === 'value' && lessIsBetter(result.name) ? !moreIsBetter : moreIsBetter;
  const loss = change === null ? 0 : isGain ? -change : change;
  return [{ name: result.name, key, unit, before, now, change, isWorse: loss > noise }];
}

/** The comparison as a table, with what is worse than by chance marked. */
export function comparisonTable(changes) {
  return markdownTable(
    HEAD,
    changes.map(({ name, key, unit, before, now, change, isWorse }) => [
      name,
      key,
      shown(before, unit),
      shown(now, unit),
      change === null ? '' : percent(change),
      isWorse ? 'WORSE' : '',
    ]),
  );
}

const shown = (value, unit) => (unit === '' ? figure(value) : amount(value, unit));

function percent(change) {
  return `${change >= 0 ? '+' : ''}${(change * 100).toFixed(1)} %`;
}
