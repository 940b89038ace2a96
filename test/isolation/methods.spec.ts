import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'node:net';

import { makeTenant, type Api } from '../support/api.js';
import { KEPT, makeVictim, type Victim, uploadText } from '../support/isolation.js';
import { errorCodeOf, fillPath, readOperations, type Operation } from '../support/operations.js';
import { exchange, statusOf } from '../support/raw-http.js';
import { rawRequest } from '../support/raw-request.js';
import { sharedGateway } from '../support/shared-gateway.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root, anonymous, url } = sharedGateway();

let operations: Operation[];
let victim: Victim;
let stranger: Api;

beforeAll(async () => {
  operations = await readOperations(root);
  victim = await makeVictim(root);
  stranger = (await makeTenant(root)).admin;
});

const targetOf = ({ path }: Operation): string =>
  fillPath(path, {
    tenant_id: victim.tenant.id,
    sub_tenant_id: 'default',
    source_id: victim.sourceId,
    token_id: victim.tokenId,
    link_id: victim.linkId,
    key_id: '1',
    link: new URL(victim.url).pathname.slice('/l/'.length),
    upload_id: victim.uploadId,
    upload: uploadText(victim),
  });

const credentials = ({ token }: Api): string[] => (token === null ? [] : [`Authorization: Bearer ${token}`]);

/**
 * The methods that a path takes, in the order in which `Allow` names them: HEAD comes with GET. A fixed path may also be
 * what another operation takes for an id.
 */
function allowedOn(path: string): string {
  const matches = (template: string): boolean =>
    new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
  const described = new Set(operations.filter((one) => matches(one.path)).map(({ method }) => method));
  if (described.has('GET')) described.add('HEAD');
  return ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
    .filter((method) => described.has(method))
    .join(', ');
}

describe('AZ-22: HEAD', () => {
  it('is decided like GET on every operation, for every caller, with the same headers and without a body', async () => {
    const { uploader, viewer, admin } = victim.tenant;
    for (const operation of operations.filter(({ method }) => method === 'GET')) {
      for (const caller of [anonymous, anonymous.as('gth_x'), stranger, uploader, viewer, admin, root]) {
        const [get, head] = await Promise.all(
          ['GET', 'HEAD'].map((method) => rawRequest(url, method, targetOf(operation), credentials(caller))),
        );
        const shown = (answer: typeof get): unknown => ({
          status: answer?.status,
          type: answer?.headers.get('content-type'),
          challenge: answer?.headers.get('www-authenticate'),
          etag: answer?.headers.get('etag'),
          allow: answer?.headers.get('allow'),
        });
        expect([operation.path, shown(head)]).toEqual([operation.path, shown(get)]);
        expect(head?.body).toBe('');
      }
    }
  });
});

describe('AZ-22: a method that no operation has', () => {
  it('answers 405 with exactly the allowed ones, to everybody alike, and never data', async () => {
    const known = [
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'TRACE',
      'PROPFIND',
      'SEARCH',
      'LINK',
    ];
    for (const path of new Set(operations.map((operation) => operation.path))) {
      const allowed = allowedOn(path);
      const target = targetOf({ path } as Operation);
      for (const method of known.filter((one) => !allowed.split(', ').includes(one))) {
        for (const caller of [anonymous, victim.tenant.admin]) {
          const answer = await rawRequest(url, method, target, credentials(caller));
          expect([method, path, answer.status, answer.headers.get('allow')]).toEqual([
            method,
            path,
            405,
            allowed,
          ]);
          if (method !== 'HEAD')
            expect(errorCodeOf(answer.body)).toMatch(/^method_not_allowed|^METHOD|^Allowed here/);
          expect(answer.body).not.toContain(KEPT);
        }
      }
    }
  });

  it('sends nothing of a TRACE back', async () => {
    const answer = await rawRequest(url, 'TRACE', '/v1/me', [...credentials(root), 'X-Marker: comes-back']);
    expect(answer.status).toBe(405);
    expect(JSON.stringify([...answer.headers]) + answer.body).not.toContain('comes-back');
  });

  it('answers 501 when nobody knows it', async () => {
    for (const operation of operations) {
      const answer = await rawRequest(url, 'CONQUER', targetOf(operation), credentials(victim.tenant.admin));
      expect([operation.path, answer.status]).toEqual([operation.path, 501]);
    }
  });
});

describe('AZ-22: CONNECT', () => {
  const targets = ['other.example:443', '127.0.0.1:5432', '/v1/me', 'http://other.example/v1/sources', '*'];

  it.each(targets)('to %s answers 501 and opens no tunnel', async (target) => {
    for (const caller of [anonymous, root]) {
      const head = [`CONNECT ${target} HTTP/1.1`, 'Host: gateway.test', ...credentials(caller)];
      const received = await exchange(
        url,
        `${head.join('\r\n')}\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n`,
        'wait',
      );
      expect(statusOf(received)).toBe(501);
      expect(received).toContain('application/problem+json');
      expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    }
    expect((await anonymous.get('/health/live')).status).toBe(200);
  });

  it('does no harm when the peer is gone before the answer', async () => {
    const { hostname, port } = new URL(url);
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = connect(Number(port), hostname);
        socket.on('error', () => undefined);
        const closed = new Promise((resolve) => socket.once('close', resolve));
        socket.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', () => socket.resetAndDestroy());
        await closed;
      }),
    );
    expect((await anonymous.get('/health/live')).status).toBe(200);
  });
});
