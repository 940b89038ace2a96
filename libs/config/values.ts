import { isIP } from 'node:net';
import { Secret } from '#kernel';
import { Unacceptable } from './setting.js';

/** How to read one kind of value, and the words that describe it. */
export interface ValueType<T> {
  readonly type: string;
  readonly parse: (text: string) => T;
}

/** Makes a type from a reader that answers undefined for text it does not accept. */
export function value<T>(type: string, read: (text: string) => T | undefined): ValueType<T> {
  return {
    type,
    parse: (text) => {
      const result = read(text);
      if (result === undefined) throw new Unacceptable(`must be ${type}`);
      return result;
    },
  };
}

/** A whole decimal number within bounds, both included. */
export function integer(min: number, max: number): ValueType<number> {
  return value(`a whole number from ${String(min)} to ${String(max)}`, (text) => {
    if (!/^\d{1,15}$/.test(text)) return undefined;
    return within(Number(text), min, max);
  });
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** A number of bytes: plain, or whole KiB, MiB, GiB or TiB. `max` bounds it where something else would break. */
export function bytes(max: number = Number.MAX_SAFE_INTEGER, limit?: string): ValueType<number> {
  const bound = limit === undefined ? '' : `, at most ${limit}`;
  return value(
    `a whole number of bytes above 0, or one with KiB, MiB, GiB or TiB behind it${bound}`,
    (text) => {
      const match = /^(\d{1,16}) ?(B|KiB|MiB|GiB|TiB)?$/.exec(text);
      if (match === null) return undefined;
      return within(Number(match[1]) * (UNITS[match[2] ?? 'B'] ?? 1), 1, max);
    },
  );
}

function within(number: number, min: number, max: number): number | undefined {
  return number >= min && number <= max ? number : undefined;
}

/** One of a few words, exactly as written. */
export function oneOf<const Word extends string>(...words: readonly Word[]): ValueType<Word> {
  return value(`one of ${words.join(', ')}`, (text) => words.find((word) => word === text));
}

/** A switch. */
export const onOff: ValueType<boolean> = value('on or off', (given) =>
  given === 'on' ? true : given === 'off' ? false : undefined,
);

/** Any text without control characters, turned into a value by `convert`. */
export function text<T>(type: string, convert: (text: string) => T): ValueType<T> {
  return value(type, (given) => (/\p{Cc}/u.test(given) ? undefined : convert(given)));
}

/** An address or a name to listen on. */
export const host: ValueType<string> = value('an IP address or a host name', (given) =>
  isIP(given) > 0 ||
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(given)
    ? given
    : undefined,
);

/** A host whose first label stands for any tenant. */
export const tenantHosts: ValueType<string> = value('{tenant}. and a host name behind it', (given) =>
  /^\{tenant\}(?=.{1,190}$)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i.test(given) ? given : undefined,
);

/** IP addresses and CIDR ranges between commas. */
export const addressRanges: ValueType<readonly string[]> = value(
  'a list of IP addresses or CIDR ranges with commas between',
  (given) => {
    const ranges = given.split(',').map((range) => range.trim());
    return ranges.every(isAddressRange) ? Object.freeze(ranges) : undefined;
  },
);

/** What connections may lead to: names of hosts, IP addresses and CIDR ranges between commas. */
export const endpoints: ValueType<readonly string[]> = value(
  'a list of host names, IP addresses or CIDR ranges with commas between',
  (given) => {
    const entries = given.split(',').map((entry) => entry.trim());
    return entries.every((entry) => isAddressRange(entry) || isHostName(entry))
      ? Object.freeze(entries)
      : undefined;
  },
);

/** A name has a letter somewhere in its last label, so that a mistyped address is none (RFC 3696 §2). */
function isHostName(entry: string): boolean {
  return /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$|0x)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(
    entry,
  );
}

/** An IP address, alone or with the length of a prefix behind a slash. */
export function isAddressRange(range: string): boolean {
  const [address = '', prefix, ...rest] = range.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

/** The base of every URL that is handed out; anything after the path would end up in the middle of those. */
export const baseUrl: ValueType<string> = value(
  'an absolute http or https URL without credentials, query and fragment',
  (given) => {
    if (!/^https?:\/\/[^\s\p{Cc}?#\\/@][^\s\p{Cc}?#\\@]*$/iu.test(given) || !URL.canParse(given))
      return undefined;
    return new URL(given).href.replace(/\/+$/, '');
  },
);

/** A PostgreSQL connection string; kept as text, because libpq's query parameters are the driver's to read. */
export const postgresUrl: ValueType<Secret> = value('a postgres:// or postgresql:// URL', (given) => {
  const wellFormed = /^postgres(ql)?:\/\/[^\s\p{Cc}]*$/u.test(given) && URL.canParse(given);
  return wellFormed ? new Secret(given) : undefined;
});

/** Headers with a meaning of their own, which a deployment's setting must not take over. */
const TAKEN_HEADERS =
  /^(authorization|cookie|host|connection|transfer-encoding|range|forwarded|x-forwarded-.*|x-tenant-id|x-sub-tenant-id|x-request-id|content-.*|if-.*|accept.*)$/;

/** A header field name (RFC 9110 §5.1), in lower case as Node gives them. */
export const headerName: ValueType<string> = value(
  'an HTTP header name without another meaning here',
  (given) => {
    const name = given.toLowerCase();
    return /^[!#$%&'*+.^_`|~0-9a-z-]{1,64}$/.test(name) && !TAKEN_HEADERS.test(name) ? name : undefined;
  },
);
