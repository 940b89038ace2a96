import { CodedError } from '#kernel';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';

import { routeOf } from './gateway-request.js';
import { HttpErrors } from './http-errors.js';

const FORM = /^multipart\/form-data\b/i;

/**
 * Refuses, once the caller is known and before a byte is read, bodies that the matched operation could only misread:
 * coded ones (a length and a digest would mean something else), and forms where none is expected. A raw body's type is
 * put aside, so that no parser is chosen by it.
 */
export function refuseUnreadableBodies(server: FastifyInstance): void {
  server.addHook('preParsing', (request, _reply, _payload, done) => {
    const mode = routeOf(request).operation?.body ?? 'none';
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

/** How long a refused client may take to notice the answer, over a slow line, before its connection is destroyed. */
const LINGER_MS = 2_000;

/**
 * Ends the connection after an answer that left a body unread. Reading on would make a refusal cost as much as the
 * upload it refuses, and the rest of the body must not be taken for the next request.
 */
export function closeUnreadBodies(server: FastifyInstance): void {
  server.addHook('onSend', (request, reply, _payload, done) => {
    if (!request.raw.complete && hasBody(request.headers)) {
      void reply.header('connection', 'close');
      lingerOnClose(request.raw);
    }
    done();
  });
}

/**
 * Node closes a socket as soon as an answer with `Connection: close` is written. With unread bytes in it that is a
 * reset, and a client that is still sending sees the reset instead of the answer. Here the socket is only half closed
 * and no longer read, so that the client runs into back-pressure, finds the answer, and is cut off a moment later.
 */
function lingerOnClose(request: IncomingMessage): void {
  const { socket } = request;
  const closeNow = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    socket.end();
    // Node has told the request to discard its body; what that reads until now is what it reads at all.
    setImmediate(() => {
      if (request.complete) closeNow();
      else socket.pause();
    });
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
}

/** Whether a request brings a body (RFC 9112 §6.3). */
export function hasBody(headers: Record<string, unknown>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
