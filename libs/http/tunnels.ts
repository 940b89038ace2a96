import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import { answerOnSocket } from './broken-requests.js';
import { HttpErrors } from './http-errors.js';

/** How long a refused client may take to notice the answer before its connection is destroyed. */
const LINGER_MS = 500;

/**
 * Answers CONNECT with 501 (RFC 9110 §9.3.6, §15.6.2): the gateway is nobody's proxy. Without a listener Node would
 * close the connection and say nothing. What the client sends into the tunnel that it expected is dropped.
 */
export function refuseTunnels({ server }: FastifyInstance): void {
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    socket.on('error', () => socket.destroy());
    answerOnSocket(HttpErrors.notImplemented, socket);
    socket.resume();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  });
}
