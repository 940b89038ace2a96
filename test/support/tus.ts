import { request, type ClientRequest } from 'node:http';

import { expectStatus, type Answer, type Api } from './api.js';

/** What a request that begins an upload says. */
export interface TusWish {
  readonly length: number;
  /** Values as text; they are sent in base64. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const BYTES_TYPE = { 'content-type': 'application/offset+octet-stream' };
const VERSION = { 'tus-resumable': '1.0.0' };

/** `Upload-Metadata` of texts. */
export function uploadMetadata(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');
}

/** Begins an upload. */
export function beginUpload(
  caller: Api,
  { length, metadata = {}, body, headers = {} }: TusWish,
): Promise<Answer> {
  const named = Object.keys(metadata).length === 0 ? {} : { 'upload-metadata': uploadMetadata(metadata) };
  return caller.request('POST', '/v1/tus', {
    headers: {
      ...VERSION,
      'upload-length': String(length),
      ...named,
      ...(body === undefined ? {} : BYTES_TYPE),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
}

/** Begins an upload and answers its path. */
export async function makeUpload(caller: Api, wish: TusWish): Promise<string> {
  const answer = await beginUpload(caller, wish);
  expectStatus(answer, 201);
  return answer.headers.get('location') ?? '';
}

/** Sends bytes to where they belong. */
export function sendBytes(
  caller: Api,
  path: string,
  offset: number,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return caller.request('PATCH', path, {
    headers: { ...VERSION, ...BYTES_TYPE, 'upload-offset': String(offset), ...headers },
    body,
  });
}

/** Asks how an upload stands. */
export function askUpload(caller: Api, path: string): Promise<Answer> {
  return caller.request('HEAD', path, { headers: VERSION });
}

/** Where an upload stands. */
export async function offsetOf(caller: Api, path: string): Promise<number> {
  const answer = await askUpload(caller, path);
  expectStatus(answer, 200);
  return Number(answer.headers.get('upload-offset'));
}

/** Ends an upload. */
export function endUpload(caller: Api, path: string): Promise<Answer> {
  return caller.request('DELETE', path, { headers: VERSION });
}

/** A PATCH that goes on for as long as its sender wants. */
export interface OpenPatch {
  readonly request: ClientRequest;
  /** Resolves with the status of the answer, or null when the connection breaks first. */
  readonly status: Promise<number | null>;
}

/** Begins to send bytes, and resolves once the gateway reads them (it has answered `100 Continue`) or has refused. */
export async function openPatch(
  caller: Api,
  path: string,
  offset: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenPatch> {
  const patch = request(`${caller.url}${path}`, {
    method: 'PATCH',
    agent: false,
    headers: {
      ...VERSION,
      ...BYTES_TYPE,
      authorization: `Bearer ${caller.token ?? ''}`,
      'upload-offset': String(offset),
      expect: '100-continue',
      ...headers,
    },
  });
  const status = new Promise<number | null>((resolve) => {
    patch.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    patch.once('error', () => resolve(null));
    patch.once('close', () => resolve(null));
  });
  patch.flushHeaders();
  await Promise.race([new Promise((resolve) => patch.once('continue', resolve)), status]);
  return { request: patch, status };
}
