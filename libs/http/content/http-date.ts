const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)';

/** The three forms that a recipient must accept: IMF-fixdate, RFC 850, asctime (RFC 9110 §5.6.7). */
const FORMS = [
  new RegExp(`^${DAY}, (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAY}, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT$`),
  new RegExp(`^${DAY} ${MONTH} (?<day>\\d{2}| \\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * Reads an HTTP-date (RFC 9110 §5.6.7), case-sensitively and in no other form: `Date.parse` would also take
 * `1`, local times and much else, and a field that is not an HTTP-date has to be ignored. Null when it is none.
 */
export function parseHttpDate(value: string, now: Date = new Date()): Date | null {
  for (const form of FORMS) {
    const parts = form.exec(value)?.groups;
    if (parts !== undefined) return toDate(parts, now);
  }
  return null;
}

/** The IMF-fixdate form, the only one that may be generated. Fractions of a second are cut off. */
export function formatHttpDate(date: Date): string {
  return date.toUTCString();
}

function toDate(parts: Readonly<Record<string, string>>, now: Date): Date | null {
  const year = fullYear(parts['year'] ?? '', now);
  const month = MONTHS.indexOf(parts['month'] ?? '');
  const day = Number(parts['day']);
  const midnight = new Date(Date.UTC(year, month, day));
  if (midnight.getUTCFullYear() !== year || midnight.getUTCDate() !== day) return null;
  const minutes = Number(parts['hour']) * 60 + Number(parts['minute']);
  return new Date(midnight.getTime() + (minutes * 60 + Number(parts['second'])) * 1000);
}

/** Two digits that would lie more than 50 years ahead mean the latest such year in the past (§5.6.7). */
function fullYear(digits: string, now: Date): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = now.getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
