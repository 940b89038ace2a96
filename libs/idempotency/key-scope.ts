import { routeOf, type GatewayRequest } from '#http';
import { createHash } from 'node:crypto';

/** Within what a key stands for one request: the same key of another tenant, token or route is another key. */
export interface KeyScope {
  /** Null: the request concerns the platform and no tenant. */
  readonly tenantId: string | null;
  /** SHA-256 of all that a key stands for. Keys are the callers' and may say something; they are kept nowhere. */
  readonly hash: Buffer;
}

/** A key within a tenant. */
export type TenantKeyScope = KeyScope & { readonly tenantId: string };

/** The scope of a request that has passed the guard. */
export function scopeOf(request: GatewayRequest, key: string): KeyScope {
  const { principal, method, params } = request;
  if (principal === undefined) throw new Error('An idempotency key on a route without authentication.');
  const tenantId = tenantOf(request);
  const names = Object.entries(params as Record<string, string>).sort();
  const parts = [tenantId, principal.tokenId, method, routeOf(request).url, names, key];
  return { tenantId, hash: createHash('sha256').update(JSON.stringify(parts)).digest() };
}

function tenantOf(request: GatewayRequest): string | null {
  const { tenantContext, params } = request;
  const tenancy = routeOf(request).operation?.tenancy;
  if (tenancy === 'path') return (params as { tenant_id: string }).tenant_id;
  return tenantContext?.tenantId ?? null;
}
