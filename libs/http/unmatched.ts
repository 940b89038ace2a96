import { CodedError } from '#kernel';
import type { HTTPMethods } from 'fastify';

import type { GatewayReply, GatewayRequest } from './gateway-request.js';
import { HttpErrors } from './http-errors.js';

const METHODS: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * The error for a request that met no route: 405 with `Allow` where the path exists under another method
 * (RFC 9110 §15.5.6), 404 otherwise.
 */
export function unmatchedError(request: GatewayRequest, reply: GatewayReply): CodedError {
  const path = pathOf(request.raw.url ?? '/');
  const allowed = METHODS.filter((method) => exists(request, method, path));
  if (allowed.length === 0) return new CodedError(HttpErrors.notFound, 'Nothing is here.');
  void reply.header('allow', allowed.join(', '));
  return new CodedError(HttpErrors.methodNotAllowed, `Allowed here: ${allowed.join(', ')}.`);
}

/** The path as the router reads it: without origin (absolute form, RFC 9112 §3.2.2) and query, and decoded. */
function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? '/';
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

function exists(request: GatewayRequest, method: HTTPMethods, url: string): boolean {
  try {
    // Its type does not say that it answers null for a path that nothing is registered under.
    const route = request.server.findRoute({ method, url, constraints: {} }) as object | null;
    return route !== null;
  } catch {
    // The router refuses to decode some paths; nothing can be registered under one of those.
    return false;
  }
}
