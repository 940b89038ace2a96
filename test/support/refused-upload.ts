import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';

/** How an upload went that nobody wanted. */
export interface RefusedUpload {
  /** Everything that came back, as it came. */
  readonly received: string;
  /** Bytes of the body that the client's system had taken when the connection ended. */
  readonly written: number;
}

const CHUNK = Buffer.alloc(64 * 1024, 'x');

/**
 * Sends a head and then a body for as long as the connection takes it, at most `limit` bytes, as a client does that
 * does not wait for an answer; it reads at the same time. Chunked framing is written when `chunked` is asked for.
 */
export async function pushBody(
  url: string,
  head: string,
  { limit, chunked }: { limit: number; chunked: boolean },
): Promise<RefusedUpload> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let received = '';
  socket.on('data', (data: Buffer) => (received += data.toString('latin1')));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  socket.write(head);
  const framed = chunked ? Buffer.concat([Buffer.from('10000\r\n'), CHUNK, Buffer.from('\r\n')]) : CHUNK;
  for (let offered = 0; offered < limit && !socket.destroyed; offered += CHUNK.length) {
    if (socket.write(framed)) continue;
    await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
  }
  await closed;
  return { received, written: socket.bytesWritten - head.length };
}

/** Bytes that a process has read by now, from files, pipes and sockets alike (proc(5), `rchar`). */
export async function bytesRead(pid: number): Promise<number> {
  return Number(/^rchar: (\d+)$/m.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1]);
}
