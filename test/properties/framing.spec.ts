import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { PropertyGateway, withinDeadline } from '../support/property-gateway.js';
import { exchange } from '../support/raw-http.js';
import { expectSourcesOnly } from '../support/stored-things.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(120_000);

let gateway: PropertyGateway;

beforeAll(async () => {
  gateway = await PropertyGateway.start();
});

afterAll(async () => gateway.dispose());

/** A request that would make a source, were it ever taken for one of its own. */
function marker(): string {
  return [
    'PUT /v1/sources/smuggled/content HTTP/1.1',
    'Host: gateway.test',
    `Authorization: Bearer ${gateway.tenant.editor.token ?? ''}`,
    'Content-Length: 1',
    '',
    'x',
  ].join('\r\n');
}

/** A request whose body's framing is as given, with the marker where a lenient reader would see a second request. */
function ambiguous(lines: readonly string[], body: string): string {
  const start = [
    'POST /v1/tenants HTTP/1.1',
    'Host: gateway.test',
    `Authorization: Bearer ${gateway.root.token ?? ''}`,
    'Content-Type: application/json',
    ...lines,
  ];
  return `${start.join('\r\n')}\r\n\r\n${body}${marker()}`;
}

const statuses = (received: string): number[] =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

const talk = (bytes: string): Promise<string> =>
  withinDeadline('a broken request', exchange(gateway.url, Buffer.from(bytes, 'latin1'), 'wait'));

describe('a request whose end is not certain (IV-18)', () => {
  it.each<[string, readonly string[], string]>([
    ['a length and chunks', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['chunks and a length', ['Transfer-Encoding: chunked', 'Content-Length: 0'], '0\r\n\r\n'],
    ['two lengths', ['Content-Length: 0', 'Content-Length: 5'], 'hello'],
    ['two lengths in a list', ['Content-Length: 0, 5'], 'hello'],
    ['a coding that nobody knows', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
    ['chunks that are not the last coding', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'],
    ['a coding that hides behind a blank', ['Transfer-Encoding : chunked'], '0\r\n\r\n'],
    ['a coding with a vertical tab', ['Transfer-Encoding: \vchunked'], '0\r\n\r\n'],
    ['a negative length', ['Content-Length: -1'], ''],
    ['a length with a sign', ['Content-Length: +5'], 'hello'],
    ['a length in hexadecimal', ['Content-Length: 0x5'], 'hello'],
    ['a length beyond counting', ['Content-Length: 99999999999999999999999999'], ''],
    ['a chunk size that is none', ['Transfer-Encoding: chunked'], 'zz\r\n'],
    ['a chunk size beyond counting', ['Transfer-Encoding: chunked'], 'fffffffffffffffff\r\nx'],
    ['a negative chunk size', ['Transfer-Encoding: chunked'], '-1\r\nx'],
    ['a chunk that ends elsewhere', ['Transfer-Encoding: chunked'], '1\r\nxyz\r\n0\r\n\r\n'],
    [
      'a chunk extension of 1 MB',
      ['Transfer-Encoding: chunked'],
      `1;${'x'.repeat(1_000_000)}\r\n{\r\n0\r\n\r\n`,
    ],
    ['NUL in a header', ['X-A: a\0b', 'Content-Length: 0'], ''],
    ['a header without a colon', ['X-A', 'Content-Length: 0'], ''],
    ['a carriage return within a header', ['X-A: a\rContent-Length: 5', 'Content-Length: 0'], ''],
  ])('is refused once, and nothing after it is read as a request: %s', async (_what, lines, body) => {
    const received = await talk(ambiguous(lines, body));
    expect(statuses(received)).toHaveLength(1);
    expect([400, 413, 431, 501]).toContain(statuses(received)[0]);
    expect(received).toMatch(/\r\nconnection: close\r\n/i);
  });

  it('is the last to be answered, behind others on the same connection', async () => {
    const good = 'GET /health/live HTTP/1.1\r\nHost: gateway.test\r\n\r\n';
    const received = await talk(`${good}${good}${ambiguous(['Content-Length: x'], '')}`);
    expect(statuses(received)).toEqual([200, 200, 400]);
  });
});

describe('bytes that follow a request which is still being answered (IV-18)', () => {
  it('do not take its answer from it', async () => {
    const remove = [
      'DELETE /v1/sources/nothing HTTP/1.1',
      'Host: gateway.test',
      `Authorization: Bearer ${gateway.tenant.editor.token ?? ''}`,
    ];
    const received = await talk(`${remove.join('\r\n')}\r\n\r\n{"a":"body without a length"}`);
    expect(statuses(received)).toEqual([404, 400]);
  });
});

describe('what is no request (IV-19)', () => {
  it.each([
    ['an empty path', 'GET  HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['half an address', 'GET http://[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['no Host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two Hosts', 'GET /v1/me HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
    ['a path of 17 kB', `GET /${'a'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a header of 20 kB (RS-07)', `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['NUL', '\0\0\0\0\r\n\r\n'],
  ])('gets one answer of 4xx and the end of its connection: %s', async (_what, bytes) => {
    const received = await talk(bytes);
    expect(statuses(received)).toHaveLength(1);
    expect(Math.floor((statuses(received)[0] ?? 0) / 100)).toBe(4);
  });

  it('may leave right after its headers, a thousand times', async () => {
    const start = ambiguous(['Content-Length: 100'], '').replace(marker(), '');
    for (let round = 0; round < 20; round += 1)
      await Promise.all(
        Array.from({ length: 50 }, (_one, index) =>
          withinDeadline(
            'a client that leaves',
            exchange(gateway.url, start, index % 2 === 0 ? 'reset' : 'fin'),
          ),
        ),
      );
    expect((await gateway.ask({ path: '/health/live' })).status).toBe(200);
  });
});

describe('all of these together', () => {
  it('made no source and left an unharmed gateway', async () => {
    await expectSourcesOnly(gateway, 0);
    await gateway.expectUnharmed();
  });
});
