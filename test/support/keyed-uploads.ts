import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

import { freshId, type Answer, type Api } from './api.js';
import { form, type FormPart } from './raw-http.js';
import { readAll, type OpenUpload } from './slow-client.js';

/** A form that makes a source, with a boundary of its own each time. */
export interface KeyedForm {
  readonly content: Buffer | string;
  readonly fileName?: string;
  readonly type?: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** The file comes before the fields. */
  readonly fileFirst?: boolean;
}

/** Uploads a form under a key. */
export function postForm(
  caller: Api,
  wish: KeyedForm,
  key: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { type, body } = encode(wish);
  return caller.request('POST', '/v1/sources', {
    body,
    headers: { 'content-type': type, 'idempotency-key': key, ...headers },
  });
}

/**
 * Begins to upload a form under a key, and resolves once the gateway wants it, and has been sent half of it, or refuses.
 * `rest` is what is left to be sent.
 */
export async function beginForm(
  caller: Api,
  wish: KeyedForm,
  key: string,
): Promise<OpenUpload & { readonly isWanted: boolean; readonly rest: Buffer }> {
  const { type, body } = encode(wish);
  const upload = request(`${caller.url}/v1/sources`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${caller.token ?? ''}`,
      'content-type': type,
      'content-length': body.length,
      'idempotency-key': key,
      expect: '100-continue',
    },
    agent: false,
  });
  upload.on('error', () => undefined);
  const answer = once(upload, 'response').then(async ([response]) => readAll(response as IncomingMessage));
  // Whoever waits for the answer sees the failure; nobody may be waiting yet.
  answer.catch(() => undefined);
  upload.flushHeaders();
  const isWanted = await Promise.race([once(upload, 'continue').then(() => true), answer.then(() => false)]);
  const half = isWanted ? Math.floor(body.length / 2) : 0;
  if (isWanted) upload.write(body.subarray(0, half));
  return { request: upload, answer, isWanted, rest: body.subarray(half) };
}

function encode({
  content,
  fileName = 'a.txt',
  type = 'text/plain',
  fields = {},
  fileFirst = false,
}: KeyedForm) {
  const file: FormPart = { name: 'file', fileName, type, content };
  const others = Object.entries(fields).map(([name, text]): FormPart => ({ name, content: text }));
  return form(fileFirst ? [file, ...others] : [...others, file], freshId('boundary'));
}
