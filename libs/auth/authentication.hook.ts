import { passOn, routeOf, type GatewayRequest, type RequestHook } from '#http';
import { andThen, type MaybePromise } from '#kernel';

import { AuthErrors } from './auth.errors.js';
import type { Authenticator } from './authenticator.js';

/**
 * Verifies the credential of every request to an operation that is not public, before its body is read. Register it
 * as an `onRequest` hook. A route that is not one of Nest's declares nothing and is let through: those are the API
 * documentation and the answer to unmatched paths, and the route test lists them.
 */
export function authenticationHook(authenticator: Authenticator): RequestHook {
  return (request, _reply, done) => passOn(authenticate(authenticator, request), done);
}

function authenticate(authenticator: Authenticator, request: GatewayRequest): MaybePromise<void> {
  const { operation } = routeOf(request);
  if (operation === undefined || operation.access === 'public') return undefined;
  const authorization = authorizationFields(request.raw.rawHeaders);
  return andThen(authenticator.authenticate({ authorization, address: request.ip }), (principal) => {
    if (principal === null) throw AuthErrors.missing();
    request.principal = principal;
  });
}

const FIELD_NAME = 'authorization';

/** All `Authorization` fields: Node keeps the first and drops the rest, which would hide a second credential. */
function authorizationFields(rawHeaders: readonly string[]): string[] {
  const fields: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === FIELD_NAME.length && name.toLowerCase() === FIELD_NAME)
      fields.push(rawHeaders[index + 1] ?? '');
  }
  return fields;
}
