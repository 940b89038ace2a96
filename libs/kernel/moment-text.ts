let [lastMs, lastText] = [NaN, ''];

/** A moment as RFC 3339 says it, in UTC to the millisecond: as `toISOString`, but made once where one follows the other. */
export function momentText(moment: Date): string {
  const ms = moment.getTime();
  if (ms !== lastMs) [lastMs, lastText] = [ms, moment.toISOString()];
  return lastText;
}
