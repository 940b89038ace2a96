import { CommonErrors, newUuid, type ErrorKind } from '#kernel';
import type { Socket } from 'node:net';

import { afterAnswers } from './answers-under-way.js';
import { HttpErrors } from './http-errors.js';

const KINDS: Readonly<Record<string, ErrorKind>> = {
  HPE_HEADER_OVERFLOW: HttpErrors.headersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: HttpErrors.timeout,
};

/** A request line that is sound but for a method that Node does not know. */
const UNKNOWN_METHOD = /^[\w!#$%&'*+.^`|~-]+ \S+ HTTP\/1\.[01]\r?\n/;

/** What Node says about the bytes; `rawPacket` holds the last of them. */
type BrokenRequest = Error & {
  readonly code?: string;
  readonly rawPacket?: unknown;
  /** Where in the packet the parser gave up. */
  readonly bytesParsed?: number;
};

/** Connections that ended in broken bytes; whatever follows on one of them is broken too. */
const broken = new WeakSet<Socket>();

/**
 * Answers bytes that Node's parser could not take for a request. There is no path to choose a family by, so the
 * answer is a problem document; the connection ends, since nothing says where a next request would begin. Requests that
 * came whole before get their answers first, or a client would take this one for the answer to the first of them.
 */
export function answerBrokenRequest(error: BrokenRequest, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  if (broken.has(socket)) return;
  broken.add(socket);
  const kind = kindOf(error);
  afterAnswers(socket, () => answerOnSocket(kind, socket));
}

/** Writes a problem document to a connection that no request is being answered on, and ends it. */
export function answerOnSocket(kind: ErrorKind, socket: Socket): void {
  const requestId = newUuid();
  const body = JSON.stringify({
    type: 'about:blank',
    title: kind.title,
    status: kind.status,
    detail: `${kind.title}.`,
    code: kind.code,
    request_id: requestId,
  });
  const head = [
    `HTTP/1.1 ${kind.status} ${kind.title}`,
    'Content-Type: application/problem+json; charset=utf-8',
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function kindOf({ code, rawPacket, bytesParsed = 0 }: BrokenRequest): ErrorKind {
  // RFC 9110 §9.1: 501 for a method that is not recognized, as against one that is not allowed here.
  // Requests before the broken one may be in the same packet.
  const text = Buffer.isBuffer(rawPacket) ? lineAt(rawPacket.toString('latin1'), bytesParsed) : '';
  if (code === 'HPE_INVALID_METHOD' && UNKNOWN_METHOD.test(text)) return HttpErrors.notImplemented;
  return KINDS[code ?? ''] ?? CommonErrors.unparsable;
}

/** What begins with the line that a position is in. */
function lineAt(text: string, position: number): string {
  return position === 0 ? text : text.slice(text.lastIndexOf('\n', position - 1) + 1);
}
