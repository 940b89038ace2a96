import { attributionHook, auditHook, AuditLog } from '#audit';
import {
  AccessPolicy,
  assertAdmitted,
  authenticationHook,
  Authenticator,
  authorizationHook,
  claimedToken,
  tenancyHook,
} from '#auth';
import type { GatewayConfig } from '#config';
import { routeDirectly } from '#http';
import { Limiter, limitsHook } from '#limits';
import { TenantContextService } from '#tenant';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/**
 * What every request passes on its way to the operation, in this order: who it is from, whether that is too much, whether
 * they may, where they act, and who is written down for what it changes; and on the way back, what the audit log is told of
 * it. Call it before the application listens.
 */
export function addRequestHooks(app: NestFastifyApplication, { oidc }: GatewayConfig): void {
  const server = app.getHttpAdapter().getInstance();
  routeDirectly(app, server, assertAdmitted);
  server
    .addHook('onRequest', authenticationHook(app.get(Authenticator)))
    .addHook('onRequest', limitsHook(app.get(Limiter)))
    .addHook('onRequest', authorizationHook(app.get(AccessPolicy)))
    .addHook('preHandler', tenancyHook(app.get(TenantContextService), app.get(Limiter)))
    .addHook('preHandler', attributionHook)
    .addHook('onSend', auditHook(app.get(AuditLog), claimedToken(oidc.issuers)));
}
