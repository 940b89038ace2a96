import type { ServerResponse } from 'node:http';

/**
 * Tells of each chunk of a streamed answer once the system has taken all of it, so that nobody reads it any more. Says
 * nothing of chunks that are broken off with their connection, which may still be on their way.
 */
export function onChunkSent(raw: Pick<ServerResponse, 'write'>, tell: (chunk: Buffer) => void): void {
  const write = raw.write.bind(raw) as (chunk: unknown, done: (error?: Error | null) => void) => boolean;
  // What pipes into an answer passes nothing else.
  raw.write = (chunk: unknown) =>
    write(chunk, (error) => {
      if (!error && Buffer.isBuffer(chunk)) tell(chunk);
    });
}

/** Tells once the system has taken all of an answer, so that nobody reads it any more; never of one that is broken off. */
export function onSent(raw: Pick<ServerResponse, 'once' | 'req'>, tell: () => void): void {
  // An answer has no connection any more by then.
  const { socket } = raw.req;
  raw.once('finish', () => {
    if (!socket.destroyed) tell();
  });
}
