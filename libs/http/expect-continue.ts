import type { FastifyInstance } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { startPace } from './body-pace.js';

/** Requests whose sender waits to be told to go on, with the way to tell it. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/**
 * Holds the interim answer to `Expect: 100-continue` back until somebody wants the body (RFC 9110 §10.1.1). Node
 * would send it before the request is looked at, and a refusal would then cost the client the whole upload.
 */
export function holdContinue({ server }: FastifyInstance): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.set(request, response);
    server.emit('request', request, response);
  });
}

/**
 * Tells a waiting sender to go on, and starts the clock by which a body may be too slow. Call it just before a body is
 * read; repeated, it does nothing.
 */
export function sendContinue(request: IncomingMessage): void {
  startPace(request);
  const response = waiting.get(request);
  if (response === undefined || response.headersSent) return;
  waiting.delete(request);
  response.writeContinue();
}
