import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';

import { SCOPES } from '#kernel';
import { sharedGateway } from '../support/shared-gateway.js';

const ROOT = join(import.meta.dirname, '..', '..');
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;
const GROUPS = ['Tenants', 'Tokens', 'Sources', 'Uploads', 'Links', 'Audit', 'Compatibility', 'Health'];

/** Reads, and changes that may be repeated as they are. */
const MAKE_NOTHING = [
  'POST /fetch/content',
  'POST /fetch/fetch-source-content',
  'POST /fetch/fetch_source_content',
  'POST /v1/tenants/{tenant_id}/access-check',
  'POST /v1/tenants/{tenant_id}/links/revoke',
  'POST /v1/tenants/{tenant_id}/resume',
  'POST /v1/tenants/{tenant_id}/sub-tenants/{sub_tenant_id}/resume',
  'POST /v1/tenants/{tenant_id}/sub-tenants/{sub_tenant_id}/suspend',
  'POST /v1/tenants/{tenant_id}/suspend',
  'POST /v1/uploads/{upload_id}/complete',
];

interface Problem {
  readonly type?: string;
  readonly code?: string;
  readonly status?: number;
  readonly title?: string;
}

interface Body {
  readonly schema: { readonly $ref?: string };
  readonly example?: unknown;
  readonly examples?: Record<string, { readonly value: Problem }>;
}

interface Declared {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: string[];
  readonly security: object[];
  readonly parameters: {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly content: Record<string, Body> };
  readonly responses: Record<string, { readonly content?: Record<string, Body> }>;
  readonly 'x-required-scopes': string[];
}

/** An operation of the document, named so that a failure says which. */
interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly declared: Declared;
}

let committed: string;
let operations: Operation[];

beforeAll(async () => {
  committed = await readFile(join(ROOT, 'openapi.json'), 'utf8');
  const { paths } = JSON.parse(committed) as { paths: Record<string, Partial<Record<string, Declared>>> };
  operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const declared = item[method];
      return declared === undefined
        ? []
        : [{ name: `${method.toUpperCase()} ${path}`, method, path, declared }];
    }),
  );
});

/** Names of the operations that do not hold to `rule`. */
function offenders(rule: (operation: Operation) => boolean): string[] {
  return operations.filter((operation) => !rule(operation)).map(({ name }) => name);
}

/** Every body of requests and answers, with what it is called. */
function bodies({ name, declared }: Operation): [string, Body][] {
  const answers = Object.entries(declared.responses).map(
    ([status, { content }]) => [`${name} ${status}`, content] as const,
  );
  return [[`${name} request`, declared.requestBody?.content] as const, ...answers].flatMap(
    ([what, content]) => Object.values(content ?? {}).map((body): [string, Body] => [what, body]),
  );
}

describe('openapi.json', () => {
  it('is what the gateway serves; `npm run openapi` writes it anew', async () => {
    const served = await sharedGateway().anonymous.get('/openapi.json');
    expect(served.status).toBe(200);
    expect(JSON.parse(committed)).toEqual(served.json);
  });

  it('is valid by the recommended rules of a linter', async () => {
    const config = await createConfig({
      extends: ['recommended'],
      rules: {
        // Health checks take no input, so there is nothing a caller could get wrong.
        'operation-4xx-response': 'off',
      },
    });
    const problems = await lintFromString({ source: committed, config });
    expect(problems.map(({ ruleId, message, location }) => ({ ruleId, message, location }))).toEqual([]);
  });

  it('puts every operation into one of the groups, with a summary and a name of its own', () => {
    expect(
      offenders(
        ({ declared }) =>
          declared.tags.length === 1 && GROUPS.includes(declared.tags[0] ?? '') && declared.summary !== '',
      ),
    ).toEqual([]);
    const ids = operations.map(({ declared }) => declared.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('names the scopes of every operation that asks for a token, in the text too, and of no other', () => {
    expect(
      offenders(({ declared }) => {
        const scopes = declared['x-required-scopes'];
        const isPublic = declared.security.length === 0;
        const isSaid = scopes.every((scope) => declared.description.includes(`\`${scope}\``));
        return (
          scopes.every((scope) => SCOPES.some((known) => known === scope)) &&
          isSaid &&
          !(isPublic && scopes.length > 0)
        );
      }),
    ).toEqual([]);
  });

  it('leaves open to everybody what is meant to be, and nothing else', () => {
    const open = operations.filter(({ declared }) => declared.security.length === 0).map(({ name }) => name);
    expect(open.sort()).toEqual([
      'GET /health/live',
      'GET /health/ready',
      'GET /l/{link}',
      'GET /metrics',
      'HEAD /l/{link}',
      'OPTIONS /v1/tus',
      'PUT /u/{upload}',
    ]);
  });

  it('describes every parameter, and every body with an example', () => {
    expect(
      offenders(({ declared }) => declared.parameters.every(({ description }) => description !== undefined)),
    ).toEqual([]);
    const bare = operations
      .flatMap(bodies)
      .filter(([, body]) => !('example' in body) && !('examples' in body));
    expect(bare.map(([what]) => what)).toEqual([]);
  });

  it('gives every path parameter an example', () => {
    expect(
      offenders(({ declared }) =>
        declared.parameters.every((one) => one.in !== 'path' || one.example !== undefined),
      ),
    ).toEqual([]);
  });

  it('tells what goes wrong: tokens, tenants, bodies and faults', () => {
    expect(
      offenders(({ declared, path }) => {
        const wanted = ['500', '503'];
        if (declared.security.length > 0) wanted.push('401', '403');
        if (path.includes('{')) wanted.push(/^\/[lu]\//.test(path) ? '410' : '404');
        if (declared.requestBody !== undefined) wanted.push('400', '413', '415', '422');
        return wanted.every((status) => status in declared.responses);
      }),
    ).toEqual([]);
  });

  it('UP-07: has every POST that makes something take an idempotency key, and tell what can be wrong with it', () => {
    const codes = ({ responses }: Declared, status: string): string[] =>
      Object.values(responses[status]?.content ?? {}).flatMap((body) => Object.keys(body.examples ?? {}));
    const posts = operations.filter(({ method }) => method === 'post');
    const keyed = posts.filter(({ declared }) =>
      declared.parameters.some((one) => one.in === 'header' && one.name === 'Idempotency-Key'),
    );
    // Whoever adds a POST decides whether it makes something.
    const unkeyed = posts.filter((operation) => !keyed.includes(operation)).map(({ name }) => name);
    expect(unkeyed.sort()).toEqual(MAKE_NOTHING);
    expect(operations.filter(({ declared }) => '201' in declared.responses).map(({ name }) => name)).toEqual(
      expect.arrayContaining(keyed.map(({ name }) => name).filter((name) => name !== 'POST /v1/links/batch')),
    );
    for (const { name, declared } of keyed) {
      expect([name, codes(declared, '400')]).toEqual([
        name,
        expect.arrayContaining(['idempotency_key_malformed']),
      ]);
      expect([name, codes(declared, '409')]).toEqual([
        name,
        expect.arrayContaining(['idempotency_key_in_use']),
      ]);
      expect([name, codes(declared, '422')]).toEqual([
        name,
        expect.arrayContaining(['idempotency_key_reused']),
      ]);
    }
  });

  it('shows errors in the shape of their family, with codes, statuses and titles that the code raises', async () => {
    const raised = await raisedErrors();
    const invented = operations.flatMap(bodies).flatMap(([what, body]) =>
      Object.values(body.examples ?? {})
        .map(({ value }) => value)
        .filter(({ type }) => type === 'about:blank')
        .map(({ code, status, title }) => `${code ?? ''} ${status ?? 0} ${title ?? ''}`)
        .filter((kind) => !raised.has(kind))
        .map((kind) => `${what}: ${kind}`),
    );
    expect(invented).toEqual([]);
    const shapes = { '/knowledge-base': 'KnowledgeBaseError', '/fetch': 'FetchError' };
    expect(
      offenders(({ path, declared, method }) => {
        const family = Object.entries(shapes).find(([prefix]) => path.startsWith(prefix))?.[1] ?? 'Problem';
        const [fault] = Object.values(declared.responses['500']?.content ?? {});
        return method === 'head' || fault?.schema.$ref === `#/components/schemas/${family}`;
      }),
    ).toEqual([]);
  });

  it('lists no route that the gateway does not have', async () => {
    const { root } = sharedGateway();
    const missing: string[] = [];
    for (const { name, method, path } of operations) {
      const target = path.replace(/\{\w+\}/g, '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57');
      const { status, json } = await root.request(method.toUpperCase(), target);
      const answer = json as { code?: string; detail?: { error_code?: string } } | undefined;
      const unrouted = status === 404 && answer?.code === 'not_found';
      if (status === 405 || unrouted || answer?.detail?.error_code === 'NOT_FOUND') missing.push(name);
    }
    expect(missing).toEqual([]);
  });
});

/** Every kind of error that the sources declare, as "code status title". */
async function raisedErrors(): Promise<Set<string>> {
  const files = (await readdir(join(ROOT, 'libs'), { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('implied-errors.ts'),
  );
  const texts = await Promise.all(files.map((file) => readFile(join(ROOT, 'libs', file), 'utf8')));
  const kind = /code: '(\w+)',\s+status: (\d+),\s+title: '([^']+)'/g;
  return new Set(
    texts.flatMap((text) =>
      [...text.matchAll(kind)].map(([, code = '', status = '', title = '']) => `${code} ${status} ${title}`),
    ),
  );
}
