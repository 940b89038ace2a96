import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import type { Api } from '../support/api.js';
import { BODY_MODES, type WireBody } from '../support/body-modes.js';
import { expectUntouched, KEPT, makeVictim, type Victim } from '../support/isolation.js';
import { errorCodeOf, fillPath, readOperations, type Operation } from '../support/operations.js';
import { rawRequest, type RawAnswer } from '../support/raw-request.js';
import { sharedGateway } from '../support/shared-gateway.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root, anonymous, url } = sharedGateway();

let operations: Operation[];
let mine: Victim;
let theirs: Victim;

beforeAll(async () => {
  operations = await readOperations(root);
  [mine, theirs] = await Promise.all([makeVictim(root), makeVictim(root)]);
  await theirs.tenant.editor.put(theirs.externalId, 'theirs alone');
});

const pathOf = ({ url: link }: Victim): string => new URL(link).pathname;
const textOf = (victim: Victim): string => pathOf(victim).slice('/l/'.length);
const bearer = ({ token }: Api): string => `Authorization: Bearer ${token ?? ''}`;

/** Header lines that carry a credential, or what might be taken for one, by name. */
function credentials(): Record<string, string[]> {
  const [one, other] = [bearer(mine.tenant.admin), bearer(theirs.tenant.admin)];
  return {
    none: [],
    'the tenant’s own': [one],
    'another tenant’s': [other],
    'the platform’s': [bearer(root)],
    garbage: ['Authorization: Bearer x'],
    malformed: ['Authorization: Bearer'],
    basic: ['Authorization: Basic eDp5'],
    two: [one, other],
    joined: [`${one}, ${other.slice('Authorization: '.length)}`],
  };
}

/** Queries that carry a credential. */
function queries(): string[] {
  const token = mine.tenant.admin.token ?? '';
  return [
    '',
    `?access_token=${token}`,
    `?token=${token}&Authorization=Bearer%20${token}`,
    '?access_token=x&token=x',
    `?link=${textOf(mine)}`,
    `?link=${textOf(theirs)}`,
    '?expires_in=604800&disposition=inline&source_id=other&signature=x',
  ];
}

const shown = ({ status, headers, body }: RawAnswer): unknown => ({
  status,
  type: headers.get('content-type'),
  challenge: headers.get('www-authenticate'),
  allow: headers.get('allow'),
  body: errorCodeOf(body) ?? body,
});

describe('AN-01: on a link the link decides alone', () => {
  it('whatever stands in Authorization, in the query and in the body', async () => {
    const damaged = pathOf(mine).slice(0, -1) + (pathOf(mine).endsWith('A') ? 'B' : 'A');
    const links: [path: string, status: number, text: string | null][] = [
      [pathOf(mine), 200, KEPT],
      [pathOf(theirs), 200, 'theirs alone'],
      [damaged, 403, null],
      ['/l/nothing', 403, null],
    ];
    const modes = Object.values(BODY_MODES);
    for (const [path, status, text] of links) {
      for (const method of ['GET', 'HEAD']) {
        const plain = await rawRequest(url, method, path);
        expect(plain.status).toBe(status);
        if (method === 'GET' && text !== null) expect(plain.body).toBe(text);
        // Every credential meets every query, and two kinds of body in turn, so that every pair comes up.
        for (const [row, [name, lines]] of Object.entries(credentials()).entries()) {
          const answers = queries().flatMap((query, column) =>
            [0, 7].map(async (step) => {
              const body = modes[(row + column * 3 + step) % modes.length] as WireBody;
              const sent = [...lines, ...body.lines];
              const answer = await rawRequest(url, method, `${path}${query}`, sent, body.bytes);
              return [query, body.lines, shown(answer)];
            }),
          );
          for (const [query, sent, answer] of await Promise.all(answers))
            expect([name, query, sent, answer]).toEqual([name, query, sent, shown(plain)]);
        }
      }
    }
    await expectUntouched(mine);
  });
});

describe('AN-17: a link opens its own download and nothing else', () => {
  /** A target; the link’s text goes wherever an id goes, next to one target of what exists. */
  function targets({ path }: Operation): string[] {
    const existing = {
      tenant_id: mine.tenant.id,
      sub_tenant_id: 'default',
      source_id: mine.sourceId,
      token_id: mine.tokenId,
      link_id: mine.linkId,
      key_id: '1',
      upload_id: mine.uploadId,
    };
    const names = Object.keys(existing);
    const linked = Object.fromEntries(names.map((name) => [name, textOf(mine)]));
    return [fillPath(path, existing), fillPath(path, linked)];
  }

  it('on every other operation, as a token, in a query, in a header and as an id', async () => {
    const text = textOf(mine);
    const asHeader = [text, `gth_${text}`, mine.url].map((value) => [`Authorization: Bearer ${value}`]);
    const attempts: [query: string, lines: string[]][] = [
      ...asHeader.map((lines): [string, string[]] => ['', lines]),
      ['', [`Authorization: Link ${text}`]],
      ['', [`Cookie: link=${text}; token=${text}`, `X-Link: ${text}`, `X-Amz-Security-Token: ${text}`]],
      ['', [`Referer: ${mine.url}`]],
      [`?link=${text}&token=${text}&access_token=${text}&signature=${text}`, []],
    ];
    for (const operation of operations.filter(({ secured }) => secured)) {
      for (const target of targets(operation)) {
        const answers = attempts.map(async ([query, lines]) => {
          const answer = await rawRequest(url, operation.method, `${target}${query}`, lines);
          return [operation.method, target, lines, answer.status];
        });
        for (const answer of await Promise.all(answers)) expect(answer).toEqual([...answer.slice(0, 3), 401]);
      }
    }
    await expectUntouched(mine);
  });

  it('and takes no other method than GET and HEAD', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      for (const caller of [anonymous, mine.tenant.admin]) {
        const answer = await caller.request(method, mine.url);
        expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
      }
    }
    await expectUntouched(mine);
  });

  it('gives a caller with a token of another tenant no way to what it opens but itself', async () => {
    const stranger = theirs.tenant.admin;
    for (const id of [mine.sourceId, mine.externalId, textOf(mine), randomUUID()]) {
      const query = `?link=${textOf(mine)}&token=${textOf(mine)}`;
      expect((await stranger.get(`/v1/sources/${id}${query}`)).status).toBe(404);
      expect((await stranger.get(`/v1/sources/${id}/content${query}`)).status).toBe(404);
    }
    expect((await stranger.get(mine.url)).text).toBe(KEPT);
  });
});
