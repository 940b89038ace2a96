import { CodedError, CommonErrors } from '#kernel';
import type { FastifyInstance } from 'fastify';

/** A host and a port as a URI has them, or nothing (RFC 3986 §3.2.2, §3.2.3). */
const HOST = /^(?:\[[\w:.~!$&'()*+,;=-]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})*)(?::\d*)?$/i;

const HOST_NAME = 'host';

/**
 * Refuses, with `malformed_request` (400), a request without `Host` (but for HTTP/1.0), with several, or with one that
 * holds no host, as RFC 9112 §3.2 demands. Nothing here is decided by the host; what stands in front may decide by it,
 * and by another line. Needs `requireHostHeader: false`: Node would answer without a word.
 */
export function refuseDoubtfulHosts(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const { rawHeaders, httpVersion } = request.raw;
    const hosts = hostFields(rawHeaders);
    const isMissing = hosts.length === 0 && httpVersion !== '1.0';
    done(isMissing || hosts.length > 1 || !HOST.test(hosts[0] ?? '') ? doubtful() : undefined);
  });
}

/** All of them: Node keeps the first and drops the rest. Names and values take turns. */
function hostFields(rawHeaders: readonly string[]): string[] {
  const hosts: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === HOST_NAME.length && name.toLowerCase() === HOST_NAME)
      hosts.push(rawHeaders[index + 1] ?? '');
  }
  return hosts;
}

function doubtful(): CodedError {
  return new CodedError(CommonErrors.unparsable, 'Host has to be there once and to hold a host.');
}
