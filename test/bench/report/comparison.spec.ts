import { describe, expect, it } from '@jest/globals';

import { compareResults, comparisonTable } from './comparison.mjs';

const BEFORE = {
  name: 'metadata',
  unit: 'requests/s',
  value: 1_000,
  ratio: 0.5,
  p99_ms: 10,
  cpu_us: 100,
  rss_mib: 150,
};
const worse = (now: object, before = BEFORE): string[] =>
  compareResults([before], [{ ...before, ...now }])
    .filter(({ isWorse }) => isWorse)
    .map(({ key }) => key);

describe('a run beside an earlier one', () => {
  it('shows ratio, value, percentile, time and memory of each row that both have', () => {
    const now = [
      { ...BEFORE, value: 1_100 },
      { name: 'new', value: 1, ratio: 1 },
    ];
    expect(compareResults([BEFORE, { name: 'gone' }], now).map(({ key, change }) => [key, change])).toEqual([
      ['ratio', 0],
      ['value', 0.1],
      ['p99_ms', 0],
      ['cpu_us', 0],
      ['rss_mib', 0],
    ]);
  });

  it('marks what is worse than by chance, each measure by its own', () => {
    expect(worse({ ratio: 0.46, value: 860, p99_ms: 12.9, cpu_us: 109, rss_mib: 164 })).toEqual([]);
    expect(worse({ ratio: 0.44, value: 840, p99_ms: 13.1, cpu_us: 111, rss_mib: 166 })).toEqual([
      'ratio',
      'value',
      'p99_ms',
      'cpu_us',
      'rss_mib',
    ]);
    expect(worse({ ratio: 5, value: 9_000, p99_ms: 1, cpu_us: 1, rss_mib: 1 })).toEqual([]);
  });

  it('marks more of it where the value is what somebody waits for', () => {
    const change = { ...BEFORE, value: 1_300 };
    const [, value] = compareResults([BEFORE], [change], { lessIsBetter: () => true });
    expect(value).toMatchObject({ key: 'value', isWorse: true });
  });

  it('leaves out what either run has not measured', () => {
    expect(
      compareResults([{ name: 'a', ratio: null, value: 5 }], [{ name: 'a', ratio: 1, value: null }]),
    ).toEqual([]);
  });

  it('is a table with the change in percent', () => {
    const table = comparisonTable(compareResults([BEFORE], [{ ...BEFORE, ratio: 0.4, value: 1_234 }]));
    const cells = table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    expect(cells[2]).toEqual(['', 'metadata', 'ratio', '0.500', '0.400', '-20.0 %', 'WORSE', '']);
    expect(cells[3]).toEqual([
      '',
      'metadata',
      'value',
      '1,000 requests/s',
      '1,234 requests/s',
      '+23.4 %',
      '',
      '',
    ]);
  });
});
