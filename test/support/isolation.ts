import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import {
  endBinding,
  freshId,
  makeProxyTenant,
  type Answer,
  type Api,
  type RequestOptions,
  type TestTenant,
} from './api.js';

/** A tenant's things, and the ids by which another tenant might ask for them. */
export interface Victim {
  readonly tenant: TestTenant;
  readonly sourceId: string;
  readonly externalId: string;
  readonly linkId: string;
  readonly tokenId: string;
  readonly etag: string;
  readonly url: string;
  /** An upload by URL of nine bytes, none of which has come. */
  readonly uploadId: string;
  readonly uploadUrl: string;
}

/** The victim's content. */
export const KEPT = 'nobody else may see this';

/** Makes a tenant with one of everything; `settle` is done to it before it has anything. */
export async function makeVictim(
  root: Api,
  settle: (tenant: TestTenant) => Promise<void> = () => Promise.resolve(),
): Promise<Victim> {
  const tenant = await makeProxyTenant(root);
  await settle(tenant);
  return await victimOf(tenant);
}

/** Gives a tenant, whose links the gateway answers, one of everything. */
export async function victimOf(tenant: TestTenant): Promise<Victim> {
  const externalId = freshId('secret');
  const source = (await tenant.editor.upload(KEPT, 'secret.txt', 'text/plain', { source_id: externalId }))
    .json;
  const link = (await tenant.editor.post(`/v1/sources/${externalId}/links`, {})).json;
  // For the source that is there: the tenant has one source and no other.
  const wish = { name: 'secret.txt', source_id: externalId, size_bytes: 9, expires_in: 86_400 };
  const upload = (await tenant.editor.post('/v1/uploads', wish)).json;
  const tokenId = (await tenant.viewer.get('/v1/me')).json.token_id as string;
  return {
    tenant,
    sourceId: source.source_id as string,
    externalId,
    linkId: link.link_id as string,
    tokenId,
    etag: source.etag as string,
    url: link.url as string,
    uploadId: upload.upload_id as string,
    uploadUrl: upload.url as string,
  };
}

/** What the gateway knows the victim's upload by; text of no meaning where the storage takes its bytes. */
export function uploadText({ uploadUrl }: Victim): string {
  return /\/u\/([^/]+)$/.exec(uploadUrl)?.[1] ?? 'nowhere';
}

/**
 * A victim whose tenant's own binding has ended, so that asking to end it may be repeated with the same answer. All it has
 * lies where it lay.
 */
export async function makeRepeatableVictim(root: Api): Promise<Victim> {
  const victim = await makeVictim(root);
  await endBinding(root, victim.tenant.id);
  return victim;
}

/** Every call on a source, by name, with what makes it a probe for existence; `always` are headers of each of them. */
export function sourceCalls(
  id: string,
  etag: string,
  always: Readonly<Record<string, string>> = {},
): Record<string, (caller: Api) => Promise<Answer>> {
  const path = `/v1/sources/${id}`;
  const call =
    (method: string, suffix: string, options: RequestOptions = {}) =>
    (caller: Api) =>
      caller.request(method, `${path}${suffix}`, { ...options, headers: { ...always, ...options.headers } });
  const when = (name: string, value: string): RequestOptions => ({ headers: { [name]: value } });
  return {
    get: call('GET', ''),
    head: call('HEAD', ''),
    'get if-none-match': call('GET', '', when('if-none-match', etag)),
    'head if-none-match any': call('HEAD', '', when('if-none-match', '*')),
    'get if-match other': call('GET', '', when('if-match', '"other"')),
    rename: call('PATCH', '', { json: { name: 'taken' } }),
    'rename if-match': call('PATCH', '', { json: { name: 'taken' }, ...when('if-match', etag) }),
    content: call('GET', '/content'),
    'content head': call('HEAD', '/content'),
    range: call('GET', '/content', when('range', 'bytes=0-3')),
    'range suffix': call('GET', '/content', when('range', 'bytes=-1')),
    'ranges several': call('GET', '/content', when('range', 'bytes=0-0,2-2')),
    'range malformed': call('GET', '/content', when('range', 'bytes=9-1')),
    'range head': call('HEAD', '/content', when('range', 'bytes=0-3')),
    'range if-range': call('GET', '/content', { headers: { range: 'bytes=0-3', 'if-range': etag } }),
    'range beyond': call('GET', '/content', when('range', 'bytes=9999-')),
    'if-none-match': call('GET', '/content', when('if-none-match', etag)),
    'if-none-match any': call('GET', '/content', when('if-none-match', '*')),
    'if-match': call('GET', '/content', when('if-match', '"other"')),
    'if-match any': call('HEAD', '/content', when('if-match', '*')),
    'if-modified-since': call('GET', '/content', when('if-modified-since', new Date().toUTCString())),
    'if-unmodified-since': call('GET', '/content', when('if-unmodified-since', new Date(0).toUTCString())),
    link: call('POST', '/links', { json: {} }),
    'link inline': call('POST', '/links', { json: { disposition: 'inline', expires_in: 60 } }),
    'rename if-match any': call('PATCH', '', { json: { name: 'taken' }, ...when('if-match', '*') }),
    metadata: call('PATCH', '', { json: { metadata: { a: 1 } }, ...when('if-none-match', '*') }),
    'replace if-match any': call('PUT', '/content', { body: 'taken', ...when('if-match', '*') }),
    'delete if-match any': call('DELETE', '', when('if-match', '*')),
    'delete if-none-match any': call('DELETE', '', when('if-none-match', '*')),
    'replace if-match': call('PUT', '/content', { body: 'taken', ...when('if-match', etag) }),
    'delete if-match': call('DELETE', '', when('if-match', '"other"')),
    delete: call('DELETE', ''),
  };
}

/** An answer without what differs from one request to the next. */
export function fingerprint(answer: Answer, ...ids: string[]): unknown {
  const requestId = answer.headers.get('x-request-id') ?? '-';
  const without = (text: string): string =>
    [requestId, ...ids].reduce((rest, id) => rest.replaceAll(id, '·'), text);
  const headers = [...answer.headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
  return {
    status: answer.status,
    headers: headers.map(([name, value]) => [name, without(value)]),
    text: without(answer.text),
  };
}

/** Asks as another tenant for everything of the victim's, and for what does not exist: the answers must be alike. */
export async function expectIndistinguishable(
  attacker: Api,
  victim: Victim,
  always: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const known of [victim.sourceId, victim.externalId]) {
    const random = known === victim.sourceId ? randomUUID() : freshId('secret');
    const [real, absent] = [known, random].map((id) => sourceCalls(id, victim.etag, always));
    for (const name of Object.keys(real ?? {})) {
      const [ask, askAbsent] = [real?.[name], absent?.[name]];
      if (ask === undefined || askAbsent === undefined) throw new Error(`There is no call ${name}.`);
      await expectPairAlike(name, name.startsWith('replace') ? 412 : 404, [
        { ask: () => ask(attacker), ids: [known, random] },
        { ask: () => askAbsent(attacker), ids: [known, random] },
      ]);
    }
  }
}

/** The victim still has everything, as it was. */
export async function expectUntouched(victim: Victim): Promise<void> {
  const { editor, viewer, admin } = victim.tenant;
  const source = (await viewer.get(`/v1/sources/${victim.externalId}`)).json;
  expect(source).toMatchObject({
    source_id: victim.sourceId,
    name: 'secret.txt',
    version: 1,
    etag: victim.etag,
  });
  expect((await viewer.get(`/v1/sources/${victim.sourceId}/content`)).text).toBe(KEPT);
  expect((await editor.as(null).get(victim.url)).text).toBe(KEPT);
  expect((await editor.get('/v1/links')).json.data).toMatchObject([{ link_id: victim.linkId }]);
  expect((await admin.get(`/v1/tenants/${victim.tenant.id}/tokens`)).json.data).toHaveLength(4);
}

/** What two ids are asked with: one that is somebody else's, one that is nobody's. */
export type Probe = (caller: Api, id: string) => Promise<Answer>;

/**
 * Asks each question with another's id and with one that nobody has: the answers must be alike, and have the status
 * that is named with the question.
 */
export async function expectAlike(
  caller: Api,
  probes: Readonly<Record<string, readonly [number, Probe]>>,
  foreign: string,
  random: string,
): Promise<void> {
  for (const [name, [status, ask]] of Object.entries(probes))
    await expectPairAlike(
      name,
      status,
      [foreign, random].map((id) => ({ ask: () => ask(caller, id), ids: [id] })),
    );
}

/** How often a question is asked anew whose answers differ in nothing but whether the connection stays. */
const TRIES = 20;

/**
 * Asks both of a pair: the answers must be alike, and have the status (null: whichever).
 *
 * Whether a connection stays after a refusal depends on whether the body has come by then, so that one pair of answers
 * says nothing of it: where one of them says it and the other does not every time, they differ.
 */
export async function expectPairAlike(
  name: string,
  status: number | null,
  pair: readonly { readonly ask: () => Promise<Answer>; readonly ids: readonly string[] }[],
): Promise<void> {
  for (let count = 1; ; count += 1) {
    const answers: Answer[] = [];
    for (const { ask } of pair) answers.push(await ask());
    if (status !== null)
      expect([name, ...answers.map((answer) => answer.status)]).toEqual([name, ...pair.map(() => status)]);
    const [one, two] = answers.map((answer, index) => fingerprint(answer, ...(pair[index]?.ids ?? [])));
    const staying = new Set(answers.map(({ headers }) => headers.get('connection')));
    if (staying.size > 1 && count < TRIES) continue;
    expect([name, one]).toEqual([name, two]);
    return;
  }
}
