import type { Principal, TenantContext } from '#kernel';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import type { GatewayReply, GatewayRequest } from './gateway-request.js';

/** Injects who the request acts as. Only on operations that are not public. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.getArgByIndex<GatewayRequest>(0);
  if (principal === undefined) throw new Error('@Caller() on a route without authentication.');
  return principal;
});

/** Injects the tenant and sub-tenant the request acts in. Only on operations whose tenancy is `context`. */
export const Context = createParamDecorator((_data: unknown, context: ExecutionContext): TenantContext => {
  const { tenantContext } = context.getArgByIndex<GatewayRequest>(0);
  if (tenantContext === undefined) throw new Error('@Context() on a route that resolves no tenant context.');
  return tenantContext;
});

/** A request and the answer under way. */
export interface ExchangeParts {
  readonly request: GatewayRequest;
  readonly reply: GatewayReply;
}

/** Injects request and answer, for operations that stream a body and set headers; what they return is still sent. */
export const Exchange = createParamDecorator((_data: unknown, context: ExecutionContext): ExchangeParts => {
  return { request: context.getArgByIndex<GatewayRequest>(0), reply: context.getArgByIndex<GatewayReply>(1) };
});
