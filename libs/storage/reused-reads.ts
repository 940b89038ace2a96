import type { OnReadOpts, Socket } from 'node:net';

type Connected = (error: Error | null, socket: Socket) => void;

/** What a connection is made with, as far as it matters here. */
export interface ConnectOptions {
  readonly host?: string | null;
  readonly onread?: OnReadOpts;
}

/** As an agent of Node.js makes connections: answered by a return or a call. */
export type CreateConnection = (options: ConnectOptions, connected: Connected) => Socket | undefined;

/** As much as Node.js reads at once when it is left to itself. */
const READ_BYTES = 64 * 1024;

/**
 * Makes connections that read into one piece of memory each, over and over. Only an HTTP client may listen to one: its
 * parser copies what it passes on, headers and pieces of a body alike, before the next bytes can come. Without this every
 * read would take memory of its own, to be given to the parser and thrown away: more work than the copying itself, since
 * fresh memory has to be mapped.
 */
export function reusingReads(connect: CreateConnection): CreateConnection {
  return (options, connected) => {
    const onread: OnReadOpts = {
      // Zeroed: not even a mistake may bring to light what was in memory before.
      buffer: Buffer.alloc(READ_BYTES),
      callback: (bytes, memory) => {
        socket?.emit('data', memory.subarray(0, bytes));
        return true;
      },
    };
    const socket = connect({ ...options, onread }, connected);
    return socket;
  };
}
