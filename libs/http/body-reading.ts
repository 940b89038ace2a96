import { CodedError, CommonErrors } from '#kernel';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

import { whenTooSlow } from './body-pace.js';
import { sendContinue } from './expect-continue.js';
import { routeOf, type GatewayRequest } from './gateway-request.js';
import { HttpErrors } from './http-errors.js';
import { parseJsonBody } from './json-body.js';

/** Most bytes of a JSON body. */
export const JSON_BODY_LIMIT = 1024 * 1024;

const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;(.*))?$/i;
const UTF8_CHARSET = /^\s*charset\s*=\s*"?utf-?8"?\s*$/i;

/**
 * The one body parser: what it does depends on what the matched operation declared. A raw body and a form are handed
 * on as the stream they are, an absent JSON body reads as `{}`, so that required fields are reported and optional ones
 * are optional.
 */
export async function readBody(request: GatewayRequest, payload: Readable): Promise<unknown> {
  const mode = routeOf(request).operation?.body ?? 'none';
  if (mode === 'raw') return payload;
  if (mode === 'multipart') {
    if (isForm(request.headers['content-type'])) return payload;
    throw unsupported('This operation reads multipart/form-data.');
  }
  assertDeclaredLength(request.headers['content-length']);
  if (mode === 'json' && declaresBody(request.headers)) assertJsonType(request.headers['content-type']);
  sendContinue(request.raw);
  const bytes = await collect(payload, request.raw);
  if (bytes.length === 0 || mode === 'none') return {};
  assertJsonType(request.headers['content-type']);
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

/**
 * All bytes of a body. A refusal leaves the stream as it stands: destroying it would take the socket away before the answer
 * is sent. By its events and not by its iterator, which costs as much as all the rest that is done with a small body.
 */
function collect(payload: Readable, request: IncomingMessage): Promise<Buffer> {
  if (payload.readableEnded) return Promise.resolve(Buffer.alloc(0));
  if (payload.destroyed) return Promise.reject(brokenOff(payload.errored));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (): void => {
      unwatch();
      payload.off('data', take).off('end', finish).off('error', breakOff).off('close', breakOff);
    };
    const refuse = (error: CodedError): void => {
      stop();
      payload.pause();
      reject(error);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > JSON_BODY_LIMIT) refuse(tooLarge());
      else chunks.push(chunk);
    };
    const finish = (): void => {
      stop();
      resolve(Buffer.concat(chunks));
    };
    const breakOff = (cause?: unknown): void => refuse(brokenOff(cause));
    const unwatch = whenTooSlow(request, refuse);
    payload.on('data', take).on('end', finish).on('error', breakOff).on('close', breakOff);
  });
}

function assertJsonType(contentType: string | undefined): void {
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

/** The client's doing, so that it is not logged as a fault of the gateway. */
function brokenOff(cause: unknown): CodedError {
  return new CodedError(CommonErrors.unparsable, 'The body ended before it was complete.', { cause });
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
