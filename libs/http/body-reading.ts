import { CodedError, CommonErrors } from '#kernel';
import type { Readable } from 'node:stream';

import { sendContinue } from './expect-continue.js';
import { routeOf, type GatewayRequest } from './gateway-request.js';
import { HttpErrors } from './http-errors.js';
import { parseJsonBody } from './json-body.js';
import { takeWhole } from './whole-body.js';

/** Most bytes of a JSON body. */
export const JSON_BODY_LIMIT = 1024 * 1024;

export const JSON_TYPE_NAME = 'application/json';
const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;(.*))?$/i;
const UTF8_CHARSET = /^\s*charset\s*=\s*"?utf-?8"?\s*$/i;

/**
 * The one body parser: what it does depends on what the matched operation declared. A raw body and a form are handed
 * on as the stream they are, an absent JSON body reads as `{}`, so that required fields are reported and optional ones
 * are optional. Calls back, or throws what is wrong before a byte is read: a promise would have to be waited for.
 */
export function readBody(request: GatewayRequest, payload: Readable, done: BodyTaker): void {
  const mode = routeOf(request).operation?.body ?? 'none';
  if (mode === 'multipart' && !isForm(request.headers['content-type']))
    throw unsupported('This operation reads multipart/form-data.');
  if (mode === 'raw' || mode === 'multipart') {
    done(null, payload);
    return;
  }
  const type = request.headers['content-type'];
  assertDeclaredLength(request.headers['content-length']);
  const isChecked = mode === 'json' && declaresBody(request.headers);
  if (isChecked) assertJsonType(type);
  sendContinue(request.raw);
  takeWhole(payload, { watched: request.raw, maxBytes: JSON_BODY_LIMIT, tooLarge }, (error, bytes) => {
    if (error !== null) done(error);
    else if (bytes.length === 0 || mode === 'none') done(null, {});
    else attempt(done, () => objectIn(bytes, isChecked ? JSON_TYPE_NAME : type));
  });
}

/** Takes what was read, or why it could not be. */
export type BodyTaker = (error: Error | null, body?: unknown) => void;

function attempt(done: BodyTaker, read: () => unknown): void {
  let body: unknown;
  try {
    body = read();
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, body);
}

function objectIn(bytes: Buffer, contentType: string | undefined): object {
  assertJsonType(contentType);
  return assertObject(parseJsonBody(bytes));
}

/** Whether a Content-Type is that of a form. */
export function isForm(contentType: string | undefined): boolean {
  return /^multipart\/form-data\s*(?:;|$)/i.test(contentType?.trim() ?? '');
}

/** Whether there is certainly a body. One in chunks may turn out to be empty; its type, when it has one, is meant. */
function declaresBody(headers: GatewayRequest['headers']): boolean {
  if (headers['transfer-encoding'] !== undefined) return headers['content-type'] !== undefined;
  return Number(headers['content-length'] ?? 0) > 0;
}

function assertDeclaredLength(declaredLength: string | undefined): void {
  if (Number(declaredLength ?? 0) > JSON_BODY_LIMIT) throw tooLarge();
}

function assertJsonType(contentType: string | undefined): void {
  if (contentType === JSON_TYPE_NAME) return;
  const match = JSON_TYPE.exec(contentType?.trim() ?? '');
  if (match === null) throw unsupported('This operation reads application/json.');
  const parameters = (match[1] ?? '').split(';').filter((parameter) => /^\s*charset/i.test(parameter));
  if (!parameters.every((parameter) => UTF8_CHARSET.test(parameter)))
    throw unsupported('JSON is read as UTF-8 only.');
}

function assertObject(body: unknown): object {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new CodedError(CommonErrors.invalid, 'The body must be a JSON object.', {
    fields: { errors: [{ field: '', code: 'invalid', message: 'must be a JSON object' }] },
  });
}

function tooLarge(): CodedError {
  return new CodedError(
    CommonErrors.payloadTooLarge,
    `A JSON body may have ${JSON_BODY_LIMIT} bytes at most.`,
  );
}

function unsupported(message: string): CodedError {
  return new CodedError(HttpErrors.unsupportedMediaType, message);
}
