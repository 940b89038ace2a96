import { CodedError, CommonErrors } from '#kernel';
import type { FastifyInstance } from 'fastify';

import { routeOf } from './gateway-request.js';

/**
 * Refuses, with `malformed_request` (400), a query that is no percent-encoded UTF-8 (RFC 3986 §2.1). The query parser
 * would hand such a value on with its escapes undecoded: `caf%C3%A9%FF` would be stored as twelve characters that nobody
 * sent. Asked after authentication, and not where nothing is read from a query: public operations are let through.
 */
export function refuseMalformedQueries(server: FastifyInstance): void {
  server.addHook('preParsing', (request, _reply, _payload, done) => {
    const { operation } = routeOf(request);
    const isRead = operation !== undefined && operation.access !== 'public';
    done(isRead && !isDecodable(request.raw.url ?? '') ? malformed() : null);
  });
}

function isDecodable(target: string): boolean {
  const start = target.indexOf('?');
  try {
    return start === -1 || decodeURIComponent(target.slice(start)) !== '';
  } catch {
    return false;
  }
}

function malformed(): CodedError {
  return new CodedError(CommonErrors.unparsable, 'The query is not percent-encoded UTF-8.');
}
