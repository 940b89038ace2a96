import { describe, expect, it, beforeAll } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import type { GatewayReply, GatewayRequest } from './gateway-request.js';
import { HttpErrors } from './http-errors.js';
import { unmatchedError } from './unmatched.js';

let server: FastifyInstance;

beforeAll(async () => {
  server = fastify({ routerOptions: { maxParamLength: 16_384, caseSensitive: true } });
  const answer = async () => 'x';
  server.get('/v1/sources', answer);
  server.post('/v1/sources', answer);
  server.put('/v1/sources/:source_id/content', answer);
  server.delete('/v1/links/:link_id', answer);
  await server.ready();
});

function unmatched(
  url: string | undefined,
  method = 'TRACE',
): {
  error: ReturnType<typeof unmatchedError>;
  allow: string | undefined;
} {
  let allow: string | undefined;
  const reply = { header: (_name: string, value: string) => (allow = value) } as unknown as GatewayReply;
  const error = unmatchedError({ server, method, raw: { url } } as unknown as GatewayRequest, reply);
  return { error, allow };
}

describe('unmatchedError', () => {
  it.each([
    ['/v1/sources', 'GET, HEAD, POST'],
    ['/v1/sources?limit=1', 'GET, HEAD, POST'],
    ['/v1/sources/abc/content', 'PUT'],
    ['/v1/sources/a%2Fb%20c/content', 'PUT'],
    ['/v1/links/abc', 'DELETE'],
    ['/v1/links/', 'DELETE'],
    ['/v1/%6cinks/abc', 'DELETE'],
    ['http://127.0.0.1:8080/v1/sources', 'GET, HEAD, POST'],
  ])('AZ-22: answers 405 for %s and names %s', (url, methods) => {
    const { error, allow } = unmatched(url);
    expect(error.kind).toBe(HttpErrors.methodNotAllowed);
    expect(allow).toBe(methods);
    expect(error.message).toContain(methods);
  });

  it.each([
    undefined,
    '/',
    '*',
    '/v1',
    '/V1/SOURCES',
    '/v1/sources/',
    '/v1/sources/abc',
    '/v1/sourcesx',
    '/v1/sources;x=1',
    '/v1//sources',
    '/v1/%256cinks/abc',
    '/v1%2flinks/abc',
    '/v1/%zz',
    '/v1/links/%',
  ])('answers 404 for %p and names no method', (url) => {
    const { error, allow } = unmatched(url);
    expect(error.kind).toBe(HttpErrors.notFound);
    expect(allow).toBeUndefined();
  });

  it('answers 404 where a route took the request and found nothing: its method is not what was wrong', () => {
    const { error, allow } = unmatched('/v1/sources', 'GET');
    expect(error.kind).toBe(HttpErrors.notFound);
    expect(allow).toBeUndefined();
  });
});
