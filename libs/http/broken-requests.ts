import { CommonErrors, newUuid, type ErrorKind } from '#kernel';
import type { Socket } from 'node:net';

import { HttpErrors } from './http-errors.js';

const KINDS: Readonly<Record<string, ErrorKind>> = {
  HPE_HEADER_OVERFLOW: HttpErrors.headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: HttpErrors.timeout,
};

/**
 * Answers bytes that Node's parser could not take for a request. There is no path to choose a family by, so the
 * answer is a problem document; the connection ends, since nothing says where a next request would begin.
 */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const kind = KINDS[error.code ?? ''] ?? CommonErrors.unparsable;
  const body = JSON.stringify({
    type: 'about:blank',
    title: kind.title,
    status: kind.status,
    detail: `${kind.title}.`,
    code: kind.code,
    request_id: newUuid(),
  });
  const head = [
    `HTTP/1.1 ${kind.status} ${kind.title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
