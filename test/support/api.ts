import { randomBytes } from 'node:crypto';

import { plant } from './run-logs.js';
import { runBinding, STORAGE, UNBOUND, type Delivery } from './storage-under-test.js';

/** A JSON value as a test looks at it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are untyped until a test has looked at them
export type Json = any;

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
  /** Parsed body; undefined when it is not JSON. */
  readonly json: Json;
}

/** A body as fetch takes it. */
export type RequestBody = NonNullable<RequestInit['body']>;

/** What a request sends beyond method and path. */
export interface RequestOptions {
  readonly json?: unknown;
  readonly form?: FormData;
  readonly body?: RequestBody;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A caller of the gateway with one token, or none. */
export class Api {
  constructor(
    readonly url: string,
    readonly token: string | null,
  ) {}

  as(token: string | null): Api {
    return new Api(this.url, token);
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const target = path.startsWith('http') ? path : `${this.url}${path}`;
    const headers = new Headers(options.headers);
    if (this.token !== null && !headers.has('authorization'))
      headers.set('authorization', `Bearer ${this.token}`);
    if (options.json !== undefined && !headers.has('content-type'))
      headers.set('content-type', 'application/json');
    const body = options.json === undefined ? (options.form ?? options.body) : JSON.stringify(options.json);
    const init = {
      method,
      headers,
      redirect: 'manual',
      duplex: 'half',
      ...(body === undefined ? {} : { body }),
    };
    return await read(await fetch(target, init as RequestInit));
  }

  get(path: string, options?: RequestOptions): Promise<Answer> {
    return this.request('GET', path, options);
  }

  post(path: string, json?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.request('POST', path, json === undefined ? options : { ...options, json });
  }

  patch(path: string, json: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.request('PATCH', path, { ...options, json });
  }

  delete(path: string, options?: RequestOptions): Promise<Answer> {
    return this.request('DELETE', path, options);
  }

  /** Uploads a file by form. Fields come before the file. */
  upload(
    content: Buffer | string,
    fileName: string,
    type: string,
    fields: Record<string, string> = {},
  ): Promise<Answer> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob([content], { type }), fileName);
    return this.request('POST', '/v1/sources', { form });
  }

  /** Uploads a raw body to an id. */
  put(id: string, content: Buffer | string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('PUT', `/v1/sources/${encodeURIComponent(id)}/content`, {
      body: content,
      headers,
    });
  }
}

/** A tenant made for one suite, with a token of each role. */
export interface TestTenant {
  readonly id: string;
  readonly admin: Api;
  readonly editor: Api;
  readonly viewer: Api;
  readonly uploader: Api;
}

/**
 * Makes a tenant with a fresh id and tokens of every role. Its objects are in the storage under test; `delivery` is how
 * its downloads are handed out, the storage's usual one when it is absent.
 */
export async function makeTenant(root: Api, id = freshId('t'), delivery?: Delivery): Promise<TestTenant> {
  expectStatus(await root.post('/v1/tenants', { tenant_id: id }), 201);
  await settle(root, id, delivery);
  return await withTokens(root, id);
}

/** A tenant whose links are answered by the gateway itself, wherever its objects are: for suites about those links. */
export function makeProxyTenant(root: Api, id = freshId('t')): Promise<TestTenant> {
  return makeTenant(root, id, 'proxy');
}

/**
 * A tenant without a storage binding of its own, whose objects are in the operator's storage: for suites about that one.
 * The prefix of its id says so to whoever looks for objects that are where they should not be.
 */
export async function makeUnboundTenant(root: Api): Promise<TestTenant> {
  const id = freshId(UNBOUND);
  expectStatus(await root.post('/v1/tenants', { tenant_id: id }), 201);
  return await withTokens(root, id);
}

/** Has a tenant's objects go to the storage under test: for tenants that are made by calls under test. */
export async function settle(root: Api, id: string, delivery?: Delivery): Promise<void> {
  const binding = await runBinding(root.url);
  if (binding === null) return;
  const json = delivery === undefined ? binding : { ...binding, delivery };
  expectStatus(await root.request('PUT', `/v1/tenants/${id}/storage-binding`, { json }), 200);
}

/** Makes a token of a tenant and answers a caller that uses it. */
export async function makeToken(maker: Api, tenantId: string, wish: Record<string, unknown>): Promise<Api> {
  const answer = await maker.post(`/v1/tenants/${tenantId}/tokens`, { name: 'test', ...wish });
  expectStatus(answer, 201);
  plant(answer.json.token);
  return maker.as(answer.json.token as string);
}

/** An id nobody has used. */
export function freshId(prefix: string): string {
  return `${prefix}-${randomBytes(8).toString('hex')}`;
}

/** Throws, with the answer's body, when the status is another. */
export function expectStatus(answer: Answer, status: number): void {
  if (answer.status !== status)
    throw new Error(`Expected ${status}, got ${answer.status}: ${answer.text.slice(0, 500)}`);
}

/** Ends what {@link settle} has begun: what is stored stays where it is, and nothing more goes there. */
export async function endBinding(root: Api, id: string): Promise<void> {
  if (STORAGE === 'filesystem') return;
  expectStatus(await root.delete(`/v1/tenants/${id}/storage-binding`), 204);
}

async function withTokens(root: Api, id: string): Promise<TestTenant> {
  const [admin, editor, viewer, uploader] = await Promise.all(
    (['admin', 'editor', 'viewer', 'uploader'] as const).map((role) => makeToken(root, id, { role })),
  );
  return { id, admin, editor, viewer, uploader } as TestTenant;
}

async function read(response: Response): Promise<Answer> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('utf8');
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text,
    json: isJson && text !== '' ? JSON.parse(text) : undefined,
  };
}
