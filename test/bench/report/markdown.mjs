/** Tables and figures as they are printed and as they stand in the page. */

/** A Markdown table with its columns padded. */
export function markdownTable(head, rows) {
  const lines = [head, null, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line?.[column].length ?? 3)));
  return lines
    .map(
      (line) =>
        `| ${widths.map((width, column) => line?.[column].padEnd(width) ?? '-'.repeat(width)).join(' | ')} |`,
    )
    .join('\n');
}

/** Three significant digits of what is small, none behind the point of what is large. */
export function figure(value) {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** A figure with what it counts; nothing where there is none. */
export function amount(value, unit) {
  return value === null || value === undefined ? '' : `${figure(value)} ${unit}`;
}
