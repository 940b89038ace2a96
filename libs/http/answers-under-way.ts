import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The answers that a connection still owes, in the order of their requests. A field of its own: a map would cost more. */
const OWED = Symbol('owed');
type OwingSocket = Socket & { [OWED]?: ServerResponse[] };

/** Keeps count of the answers that connections owe, for {@link afterAnswers}. */
export function trackAnswers(server: FastifyInstance): void {
  server.server.on('request', ({ socket }: { socket: OwingSocket }, response: ServerResponse) => {
    const owed = socket[OWED];
    if (owed === undefined) socket[OWED] = [response];
    else {
      while (owed[0]?.closed === true) owed.shift();
      owed.push(response);
    }
  });
  // Nearly always the only one, so that a connection without a request holds none.
  server.addHook('onResponse', ({ raw }, _reply, done) => {
    const owed = (raw.socket as OwingSocket)[OWED];
    if (owed?.[0]?.req === raw) owed.shift();
    done();
  });
}

/**
 * Calls back once every request that came whole over a connection has its answer (RFC 9112 §9.3.2: answers go out in the
 * order of their requests); at once when none is owed. A request that is still incomplete is not waited for: it is the
 * one that broke. Does not call back when the connection ends before.
 */
export function afterAnswers(socket: Socket, done: () => void): void {
  const owed = (socket as OwingSocket)[OWED] ?? [];
  const last = owed.findLast((response) => isOwed(response) && response.req.complete);
  if (last === undefined) done();
  else last.once('finish', done);
}

function isOwed(response: ServerResponse): boolean {
  return !response.writableFinished && !response.closed;
}
