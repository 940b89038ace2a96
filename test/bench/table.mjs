/** How results are shown. */

const HEAD = ['row', 'value', 'floor', 'ratio', 'target', ''];

/** A Markdown table, its columns padded; `results` holds `{row, result}`, the result null where the row was left out. */
export function table(results) {
  const lines = [HEAD, null, ...results.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line?.[column].length ?? 3)));
  return lines
    .map(
      (line) =>
        `| ${widths.map((width, column) => line?.[column].padEnd(width) ?? '-'.repeat(width)).join(' | ')} |`,
    )
    .join('\n');
}

function cells({ row, result }) {
  const target = row.atMost === true ? `< ${row.target} ${row.unit}` : `>= ${row.target}`;
  if (result === null) return [row.name, 'left out', '', '', target, ''];
  const { value, floor, ratio, ok } = result;
  return [
    row.name,
    value === null ? 'failed' : amount(value, row.unit),
    floor === null ? '' : `${amount(floor, row.unit)} (${row.floorName})`,
    ratio === null ? '' : figure(ratio),
    target,
    ok ? 'ok' : 'NOT OK',
  ];
}

const amount = (value, unit) => `${figure(value)} ${unit}`;

/** Three significant digits of what is small, none behind the point of what is large. */
function figure(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
