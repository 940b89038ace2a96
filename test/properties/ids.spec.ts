import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';

import { anyText, isStorable, percentEncoded } from '../support/properties-text.js';
import { PropertyGateway } from '../support/property-gateway.js';
import type { Reply } from '../support/raw-http.js';

jest.setTimeout(120_000);

/** One operation of the API that has a parameter in its path, as openapi.json describes it. */
interface Operation {
  readonly method: string;
  readonly path: string;
  readonly responses: readonly number[];
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { responses: Record<string, unknown> }>>>>;
}

const description = JSON.parse(
  readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'),
) as Description;
const operations: Operation[] = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(() => path.includes('{'))
    .map(([method, { responses }]) => ({
      method: method.toUpperCase(),
      path,
      responses: Object.keys(responses).map(Number),
    })),
);

/** Bodies that are good, so that nothing but the id can be at fault. */
const BODIES: Readonly<Record<string, string>> = {
  'PATCH /v1/sources/{source_id}': '{"name":"renamed"}',
  'PATCH /v1/tenants/{tenant_id}': '{"name":"renamed"}',
  'PATCH /v1/tenants/{tenant_id}/sub-tenants/{sub_tenant_id}': '{"name":"renamed"}',
  'POST /v1/sources/{source_id}/links': '{}',
  'POST /v1/tenants/{tenant_id}/sub-tenants': '{"sub_tenant_id":"made"}',
  'PUT /v1/tenants/{tenant_id}/storage-binding': '{"adapter":"filesystem"}',
  'POST /v1/tenants/{tenant_id}/tokens': '{"name":"made","role":"viewer"}',
  'PATCH /v1/tenants/{tenant_id}/tokens/{token_id}': '{"name":"renamed"}',
  'POST /v1/tenants/{tenant_id}/tokens/{token_id}/rotate': '{}',
  'POST /v1/tenants/{tenant_id}/access-check':
    '{"token_id":"0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e","action":"sources:read"}',
  'POST /v1/tenants/{tenant_id}/links/revoke': '{"issued_before":"2026-01-01T00:00:00Z","all":true}',
};

/** Segments that no decoder may take for UTF-8, or that are no percent-encoding at all. */
const UNDECODABLE = [
  '%',
  '%zz',
  '%C3%28',
  '%ED%A0%80',
  '%ED%BF%BF',
  '%FF',
  '%C0%AF',
  '%E2%82',
  'a%F5%80%80%80',
  '%u002e',
];

let at: PropertyGateway;
let own: Readonly<Record<string, string>>;

beforeAll(async () => {
  at = await PropertyGateway.start();
  own = {
    tenant_id: at.tenant.id,
    sub_tenant_id: 'default',
    source_id: 'x',
    token_id: 'x',
    link_id: 'x',
    key_id: 'x',
    link: 'x',
    upload_id: 'x',
    upload: 'x',
  };
});
afterEach(() => at.expectUnharmed());
afterAll(() => at.dispose());

const makesSource = ({ method, path }: Pick<Operation, 'method' | 'path'>): boolean =>
  method === 'PUT' && path === '/v1/sources/{source_id}/content';

/** Asks with one parameter replaced by a segment, as it stands, and the others as they should be. */
async function askWith({ method, path }: Operation, parameter: string, segment: string): Promise<Reply> {
  const target = path.replace(/\{(\w+)\}/g, (_whole, name: string) =>
    name === parameter ? segment : (own[name] ?? ''),
  );
  const isPlatforms = path.startsWith('/v1/tenants/') && parameter === 'tenant_id';
  const isUpload = makesSource({ method, path });
  const body = isUpload ? 'bytes' : BODIES[`${method} ${path}`];
  const type = isUpload ? 'text/plain' : 'application/json';
  // Without these a request is refused whatever its id is.
  const spoken = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' };
  if (path.startsWith('/v1/tus/'))
    return await at.ask({ method, path: target, token: at.tenant.admin.token, headers: spoken });
  return await at.ask({
    method,
    path: target,
    token: isPlatforms ? at.root.token : at.tenant.admin.token,
    ...(body === undefined ? {} : { body, headers: { 'content-type': type } }),
  });
}

/** The error has the shape of the family that its path belongs to, whatever the id was. */
function expectFamily({ method, path }: Operation, reply: Reply): void {
  if (method === 'HEAD') expect(reply.text).toBe('');
  else if (path.startsWith('/knowledge-base/'))
    expect(reply.json).toEqual({ detail: expect.stringMatching(/\S/) });
  else {
    expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(reply.json).toMatchObject({ status: reply.status, code: expect.stringMatching(/^[a-z_]+$/) });
  }
  expect(reply.text).not.toMatch(/\n\s+at |SELECT|QueryFailed|invalid input syntax|node_modules/);
}

const parametersOf = ({ path }: Operation): string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');

/** A link that is none is forbidden, an id that is no UUID is invalid where only those are known; all else is not there. */
function refusalOf(path: string): number {
  if (path === '/l/{link}' || path === '/u/{upload}') return 403;
  return path.startsWith('/knowledge-base/') ? 422 : 404;
}

/**
 * What the contract says of an id that nothing has: not found, or, where an id is free to be chosen, made; what was made
 * is removed again.
 */
async function expectAnswer(
  operation: Operation,
  parameter: string,
  id: string,
  segment = percentEncoded(id),
): Promise<void> {
  const reply = await askWith(operation, parameter, segment);
  const { method, path } = operation;
  if (makesSource(operation) && isStorable(id)) {
    expect([reply.status, reply.json.external_id, reply.json.name]).toEqual([201, id, id]);
    const made = `/v1/sources/${percentEncoded(id)}`;
    const read = await at.ask({ path: `${made}/content`, token: at.tenant.viewer.token });
    expect([read.status, read.text]).toEqual([200, 'bytes']);
    const removed = await at.ask({ method: 'DELETE', path: made, token: at.tenant.admin.token });
    expect(removed.status).toBe(204);
    return;
  }
  const expected = refusalOf(path);
  expect([operation.method, path, parameter, id, reply.status]).toEqual([
    method,
    path,
    parameter,
    id,
    expected,
  ]);
  expect(operation.responses).toContain(reply.status);
  expectFamily(operation, reply);
}

/** An id as a path can carry it: not one that names a segment of its own, and none that is there. */
const isFree = (id: string): boolean => id.isWellFormed() && !['default', at.tenant.id].includes(id);

describe('IV-04, IV-06: an id in a path', () => {
  it('is looked at in every operation that has one', () => {
    expect(operations.length).toBeGreaterThanOrEqual(27);
    expect(new Set(operations.flatMap(parametersOf))).toEqual(new Set(Object.keys(own)));
  });

  it.each(operations.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
    '%s: is found, made, or answered as not there, whatever it is',
    async (_title, operation) => {
      for (const parameter of parametersOf(operation)) {
        await fc.assert(
          fc.asyncProperty(anyText().filter(isFree), async (id) => {
            await expectAnswer(operation, parameter, id);
          }),
          { numRuns: 20 },
        );
      }
    },
  );

  it('that cannot be decoded answers 400 in every operation, in the shape of its family', async () => {
    for (const operation of operations)
      for (const parameter of parametersOf(operation))
        for (const segment of UNDECODABLE) {
          const reply = await askWith(operation, parameter, segment);
          expect([operation.path, segment, reply.status]).toEqual([operation.path, segment, 400]);
          expectFamily(operation, reply);
        }
  });

  it('that is very long is not there, up to where the request line itself is too long', async () => {
    for (const operation of operations)
      for (const parameter of parametersOf(operation)) {
        for (const length of [1_025, 5_000, 12_000])
          await expectAnswer(operation, parameter, 'x'.repeat(length), 'x'.repeat(length));
        const reply = await askWith(operation, parameter, 'x'.repeat(20_000));
        expect(reply.status).toBe(431);
      }
  });
});
