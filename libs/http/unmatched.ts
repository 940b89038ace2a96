import { CodedError } from '#kernel';
import type { HTTPMethods } from 'fastify';

import type { GatewayReply, GatewayRequest } from './gateway-request.js';
import { HttpErrors } from './http-errors.js';

const METHODS: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * The error for a request that met no route: 405 with `Allow` where the path exists under another method
 * (RFC 9110 §15.5.6), 404 otherwise; also 404 where the method is one of those allowed, since a route that takes a
 * whole folder may have found nothing in it.
 */
export function unmatchedError(request: GatewayRequest, reply: GatewayReply): CodedError {
  const target = request.raw.url ?? '/';
  const allowed = METHODS.filter((method) => exists(request, method, target));
  if (allowed.length === 0 || allowed.includes(request.method))
    return new CodedError(HttpErrors.notFound, 'Nothing is here.');
  void reply.header('allow', allowed.join(', '));
  return new CodedError(HttpErrors.methodNotAllowed, `Allowed here: ${allowed.join(', ')}.`);
}

/**
 * Whether a method has a route there. The router is asked with the target as it came, absolute form (RFC 9112 §3.2.2)
 * included: a path that was decoded here would be decoded twice, and be another one.
 */
function exists(request: GatewayRequest, method: HTTPMethods, url: string): boolean {
  // Of a path that it cannot decode the router says yes, and means its own answer to that.
  if (!isDecodable(url)) return false;
  // Its type does not say that it answers null for a path that nothing is registered under.
  const route = request.server.findRoute({ method, url, constraints: {} }) as object | null;
  return route !== null;
}

function isDecodable(target: string): boolean {
  try {
    decodeURIComponent(target.split(/[?#]/, 1)[0] ?? '');
    return true;
  } catch {
    return false;
  }
}
