import type { Scope } from '#kernel';
import { applyDecorators, HttpCode, SetMetadata, UseInterceptors } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth, ApiExtension, ApiOperation } from '@nestjs/swagger';

import { documentErrors } from './documented-errors.js';
import { documentIdempotencyKey, documentTenantHeaders } from './documented-headers.js';
import { OnceInterceptor } from './once.interceptor.js';
import { OPERATION, type OperationOptions } from './operation.js';

/** Declares an operation. A route without it is refused by the guard and fails the route test. */
export function Operation(options: OperationOptions): MethodDecorator {
  const scopes = typeof options.access === 'object' ? [...options.access.anyOf] : [];
  const decorators: MethodDecorator[] = [
    SetMetadata(OPERATION, options),
    RouteConfig({ operation: options }),
    HttpCode(options.status ?? 200),
    ApiOperation({ summary: options.summary, description: describe(options, scopes) }),
    ApiExtension('x-required-scopes', scopes),
    documentTenantHeaders(options),
    documentIdempotencyKey(options),
    documentErrors(options),
  ];
  if (options.access !== 'public') decorators.push(ApiBearerAuth());
  if (options.idempotent !== undefined && options.idempotent !== 'staged')
    decorators.push(UseInterceptors(OnceInterceptor));
  return applyDecorators(...decorators);
}

function describe(options: OperationOptions, scopes: readonly Scope[]): string {
  const need =
    options.access === 'public'
      ? 'Needs no token.'
      : scopes.length === 0
        ? 'Needs any valid token.'
        : `Needs a token with ${scopes.map((scope) => `\`${scope}\``).join(' or ')}.`;
  return options.description === undefined ? need : `${options.description}\n\n${need}`;
}
