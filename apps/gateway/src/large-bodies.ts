import type { FastifyInstance, FastifyReply } from 'fastify';

/** A body of more bytes than this comes in so many chunks that the heap has to have room for them. */
const LARGE_BYTES = 4 * 1024 * 1024;

/**
 * Calls `begin` for each request whose body, and each answer that, is large or of a length that nobody knows before, and
 * what comes back from it when the answer is over.
 */
export function watchLargeBodies(server: FastifyInstance, begin: () => () => void): void {
  const watch = ({ raw }: FastifyReply): void => {
    // Whoever has gone away before gets nothing, and is not heard to go.
    if (!raw.closed) raw.once('close', begin());
  };
  server.addHook('onRequest', ({ headers }, reply, done) => {
    if (headers['transfer-encoding'] !== undefined || isLarge(headers['content-length'])) watch(reply);
    done();
  });
  server.addHook('onSend', ({ method }, reply, _payload, done) => {
    if (method !== 'HEAD' && isLarge(reply.getHeader('content-length'))) watch(reply);
    done();
  });
}

function isLarge(length: unknown): boolean {
  return length !== undefined && Number(length) > LARGE_BYTES;
}
