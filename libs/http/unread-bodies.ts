import { CodedError } from '#kernel';
import type { FastifyInstance } from 'fastify';

import { HttpErrors } from './http-errors.js';

const FORM = /^multipart\/form-data\b/i;

/**
 * Refuses, before a byte is read, bodies that the matched operation could only misread: coded ones (a length and a
 * digest would mean something else), and forms where none is expected. A raw body's type is put aside, so that no
 * parser is chosen by it.
 */
export function refuseUnreadableBodies(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const mode = request.routeOptions.config.operation?.body ?? 'none';
    const type = request.headers['content-type'];
    const coding = request.headers['content-encoding']?.trim().toLowerCase();
    if (mode !== 'none' && coding !== undefined && coding !== '' && coding !== 'identity') {
      done(new CodedError(HttpErrors.unsupportedMediaType, 'Bodies are read without a content coding.'));
      return;
    }
    if (mode === 'json' && type !== undefined && FORM.test(type.trim())) {
      done(new CodedError(HttpErrors.unsupportedMediaType, 'This operation reads application/json.'));
      return;
    }
    if (mode === 'multipart' && !FORM.test(type?.trim() ?? '')) {
      done(new CodedError(HttpErrors.unsupportedMediaType, 'This operation reads multipart/form-data.'));
      return;
    }
    if (mode === 'raw') {
      request.declaredContentType = type;
      request.headers['content-type'] = 'application/octet-stream';
    }
    done();
  });
}

/**
 * Ends the connection after an answer that left a body unread. Reading on would make a refusal cost as much as the
 * upload it refuses, and the rest of the body must not be taken for the next request.
 */
export function closeUnreadBodies(server: FastifyInstance): void {
  server.addHook('onSend', (request, reply, _payload, done) => {
    if (!request.raw.complete && hasBody(request.headers)) void reply.header('connection', 'close');
    done();
  });
  server.addHook('onResponse', (request, _reply, done) => {
    const { raw } = request;
    if (!raw.complete && hasBody(request.headers)) lingerThenDestroy(raw.socket);
    done();
  });
}

/** A client that is still sending sees a reset instead of the answer if the socket is destroyed at once. */
function lingerThenDestroy(socket: { destroyed: boolean; destroy: () => void }): void {
  setTimeout(() => {
    if (!socket.destroyed) socket.destroy();
  }, 500).unref();
}

function hasBody(headers: Record<string, unknown>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
