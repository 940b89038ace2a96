import type { FastifyInstance } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What a connection still owes to requests that came whole. */
const owed = new WeakMap<Socket, Map<ServerResponse, IncomingMessage>>();

/** Keeps count of the answers that connections owe, for {@link afterAnswers}. */
export function trackAnswers({ server }: FastifyInstance): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    let answers = owed.get(socket);
    if (answers === undefined) owed.set(socket, (answers = new Map<ServerResponse, IncomingMessage>()));
    answers.set(response, request);
    response.once('close', () => owed.get(socket)?.delete(response));
  });
}

/**
 * Calls back once every request that came whole over a connection has its answer (RFC 9112 §9.3.2: answers go out in the
 * order of their requests); at once when none is owed. A request that is still incomplete is not waited for: it is the
 * one that broke. Does not call back when the connection ends before.
 */
export function afterAnswers(socket: Socket, done: () => void): void {
  const waiting = [...(owed.get(socket) ?? [])].filter(([, request]) => request.complete);
  const last = waiting.at(-1)?.[0];
  if (last === undefined) done();
  else last.once('finish', done);
}
