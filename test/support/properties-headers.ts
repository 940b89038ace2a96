import fc from 'fast-check';

import { withinDeadline, type PropertyGateway } from './property-gateway.js';
import { exchange, head } from './raw-http.js';

/** A final answer as it came, its text one character per byte. */
export interface RawReply {
  readonly status: number;
  /** Names in lower case, in order, repeated ones repeated. */
  readonly fields: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** A request whose header lines go out byte for byte, one byte per character. */
export interface RawQuestion {
  readonly method: string;
  readonly path: string;
  readonly token: string | null;
  /** Whole lines, such as `X-Tenant-Id: a`. */
  readonly lines: readonly string[];
  readonly body?: string;
}

/** Which answers to a GET of content a field of any value may lead to, besides 200. */
export const OUTCOMES: readonly (readonly [string, readonly number[]])[] = [
  ['Range', [206, 416]],
  ['If-Match', [412]],
  ['If-None-Match', [304]],
  ['If-Modified-Since', [304]],
  ['If-Unmodified-Since', [412]],
  ...[
    'If-Range',
    'Accept',
    'Accept-Encoding',
    'Accept-Language',
    'Content-Type',
    'Content-Digest',
    'Repr-Digest',
  ].map((name) => [name, []] as const),
  ...[
    'X-Request-Id',
    'Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Real-IP',
    'Origin',
  ].map((name) => [name, []] as const),
  ...['X-HTTP-Method-Override', 'X-Original-URL', 'Cookie', 'Referer', 'User-Agent', 'X-Anyreach-Org'].map(
    (name) => [name, []] as const,
  ),
  ['X-Tenant-Id', [400, 403]],
  ['X-Sub-Tenant-Id', [400, 404]],
];

/** Asks on a connection of its own and skips interim answers. Rejects when none is complete, or on a 5xx. */
export async function askRaw(at: PropertyGateway, question: RawQuestion): Promise<RawReply> {
  const { method, path, token, lines, body = '' } = question;
  const what = `${method} ${path} with ${JSON.stringify(lines).slice(0, 300)}`;
  const bytes = Buffer.from(head(method, path, token, lines) + body, 'latin1');
  const reply = parse(await withinDeadline(what, exchange(at.url, bytes, 'wait')));
  if (reply === null || reply.status >= 500) throw new Error(`${reply?.status ?? 'Nothing'} to ${what}`);
  return reply;
}

/** Value of the one field of a name; undefined when there is none. Throws when it came twice. */
export function fieldOf(reply: RawReply, name: string): string | undefined {
  const values = reply.fields.filter(([field]) => field === name).map(([, value]) => value);
  if (values.length > 1) throw new Error(`${name} came ${values.length} times.`);
  return values[0];
}

function parse(received: string): RawReply | null {
  const end = received.indexOf('\r\n\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1];
  if (status === undefined || end === -1) return null;
  if (status.startsWith('1')) return parse(received.slice(end + 4));
  const fields = received
    .slice(0, end)
    .split('\r\n')
    .slice(1)
    .map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
  return { status: Number(status), fields, body: Buffer.from(received.slice(end + 4), 'latin1') };
}

const VISIBLE = fc.integer({ min: 0x21, max: 0x7e });
const ANYTHING = fc.oneof(
  { weight: 6, arbitrary: VISIBLE },
  { weight: 2, arbitrary: fc.constantFrom(0x20, 0x09) },
  { weight: 2, arbitrary: fc.integer({ min: 0x80, max: 0xff }) },
);
const FRAGMENTS = [
  ...[
    '',
    '*',
    '*/*',
    '"',
    '""',
    '"x"',
    'W/"x"',
    ',',
    ', ,',
    ';',
    ';;',
    '=',
    'q=0',
    '%00',
    '%0d%0a',
    "'",
    '\\',
    '{}',
    '[]',
  ],
  ...[
    'bytes=0-',
    'sha-256=:AAAA:',
    'sha-256=AAAA',
    'sha-256=:',
    'text/html',
    'a/b; charset="',
    'Bearer',
    'Bearer  x',
    'Basic eDp5',
  ],
  ...[
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Fri, 31 Feb 2099 25:61:61 GMT',
    '0',
    '-1',
    '1e9',
    'null',
    '__proto__',
    '127.0.0.1',
    '::1',
  ],
  ...[
    'https',
    'for=x;host=evil.test',
    'evil.test:99999',
    '\xff\xfe',
    '\xc3\x28',
    '\xed\xa0\x80',
    '\xe9',
    'default',
    "' OR 1=1--",
  ],
];

/** Values that a header field may have by RFC 9110 §5.5, obs-text and long ones included, one byte per character. */
export function fieldValues(): fc.Arbitrary<string> {
  const text = (maxLength: number): fc.Arbitrary<string> =>
    fc.array(ANYTHING, { maxLength }).map((codes) => String.fromCharCode(...codes).trim());
  const fragment = fc.constantFrom(...FRAGMENTS);
  return fc.oneof(
    { weight: 5, arbitrary: fragment },
    {
      weight: 3,
      arbitrary: fc.array(fragment, { minLength: 2, maxLength: 5 }).map((all) => all.join(', ').trim()),
    },
    { weight: 4, arbitrary: text(60) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fragment, fc.integer({ min: 100, max: 8_000 }))
        .map(([one, size]) => one.repeat(size).slice(0, size).trim()),
    },
  );
}
