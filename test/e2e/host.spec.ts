import { describe, expect, it } from '@jest/globals';

import { exchange, statusOf } from '../support/raw-http.js';
import { sharedGateway } from '../support/shared-gateway.js';

describe('Host', () => {
  const { url } = sharedGateway();

  /** Status and `code` of a request with these lines for its host. */
  async function answerTo(lines: readonly string[], target = 'GET /v1/me'): Promise<unknown> {
    const request = [`${target} HTTP/1.1`, ...lines, 'Connection: close', '', ''].join('\r\n');
    const received = await exchange(url, request, 'wait');
    const code = /"(?:code|error_code)":"([^"]+)"/.exec(received)?.[1];
    return [statusOf(received), code];
  }

  it.each([
    ['missing', []],
    ['two', ['Host: a.test', 'Host: b.test']],
    ['two alike', ['Host: a.test', 'host: a.test']],
    ['with a space', ['Host: a b']],
    ['with a path', ['Host: a.test/x']],
    ['with a user', ['Host: user@a.test']],
    ['with a port that is none', ['Host: a.test:8o']],
    ['two in one line', ['Host: a.test, b.test']],
  ])('IV-18: %s is refused, before a token is looked at (RFC 9112 §3.2)', async (_name, lines) => {
    expect(await answerTo(lines)).toEqual([400, 'malformed_request']);
  });

  it.each([
    '',
    'a.test',
    'A.test:8080',
    'a_b.test',
    '[::1]:80',
    '127.0.0.1',
    'a.test:',
    'xn--zhler-kva.test',
  ])('"%s" is as good as any other', async (host) => {
    expect(await answerTo([`Host: ${host}`])).toEqual([401, 'credentials_missing']);
  });

  it('is refused in the words of the family that the path belongs to', async () => {
    const lines = ['Host: a.test', 'Host: b.test'];
    expect(await answerTo(lines, 'POST /fetch/content')).toEqual([400, 'INVALID_PARAMETERS']);
  });
});
