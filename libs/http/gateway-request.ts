import type { Principal, TenantContext } from '#kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { HandedOut, ManyHandedOut, OperationOptions } from './operation.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route declared through `@Operation`; absent on routes that Nest did not make. */
    operation?: OperationOptions;
  }
  interface FastifyRequest {
    /** Kept by {@link routeOf}. */
    route?: RequestRoute;
    /** Who the request acts as; absent on public routes. */
    principal?: Principal;
    /** Where the request acts; present on routes whose tenancy is `context`. */
    tenantContext?: TenantContext;
    /** What the answer hands out, for the audit log; said before it is sent. Null: nothing, or it has been told. */
    handedOut?: HandedOut | ManyHandedOut | null;
    /** What the answer tells of, where that is something else than content; for the audit log as well. */
    toldOf?: { readonly kind: string; readonly id: string };
    /** Code of the error that it was answered with. */
    errorCode?: string;
    /** The Content-Type as sent, on routes with a raw body, whose parser must not look at it. */
    declaredContentType?: string | undefined;
  }
}

/** A request on its way through the gateway. */
export type GatewayRequest = FastifyRequest;

/** The route of a request. */
export interface RequestRoute {
  /** As declared, with the names of its parameters; absent when no route matched. */
  readonly url: string | undefined;
  /** Absent on routes that Nest did not make. */
  readonly operation: OperationOptions | undefined;
}

/** The route of a request, looked up once: Fastify puts its description together anew whenever it is asked. */
export function routeOf(request: GatewayRequest): RequestRoute {
  return (request.route ??= describeRoute(request));
}

function describeRoute({ routeOptions: { url, config } }: GatewayRequest): RequestRoute {
  return { url, operation: config.operation };
}

/** The answer under way. */
export type GatewayReply = FastifyReply;
