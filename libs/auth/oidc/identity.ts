import {
  ROLES,
  SCOPES,
  uuidFromBytes,
  type Principal,
  type Role,
  type Scope,
  type TenantBinding,
} from '#kernel';
import { TENANT_ID } from '#tenant';
import { decodeJwt, type JWTPayload } from 'jose';
import { createHash } from 'node:crypto';

import { ROLE_SCOPES } from '../role-scopes.js';
import type { ClaimPath, OidcIssuer } from './oidc-issuer.js';
import { OidcErrors } from './oidc.errors.js';

/** The claims of a JWT that has been verified: these are there. */
export type VerifiedClaims = JWTPayload & { readonly sub: string; readonly exp: number };

/** `sources:` and so on: a word of `scope` that begins so is about the gateway, also one that is misspelt. */
const FAMILIES = [...new Set(SCOPES.map((scope) => scope.slice(0, scope.indexOf(':') + 1)))];

/** Who a JWT speaks for here, by its issuer's mapping. Throws `identity_not_mapped` when it is nobody. */
export function principalOf(claims: VerifiedClaims, issuer: OidcIssuer): Principal {
  const roles = rolesOf(claims, issuer);
  const [role] = roles;
  if (role === undefined) throw OidcErrors.notMapped('carries no role of this gateway');
  const tenant = role === 'platform_admin' ? null : tenantOf(claims, issuer);
  return {
    tokenId: identityId(issuer.issuer, claims.sub, tenant?.tenantId ?? null),
    role,
    scopes: narrowed(new Set(roles.flatMap((each) => ROLE_SCOPES[each])), claims['scope']),
    tenant,
    expiresAt: new Date(claims.exp * 1000),
    ipRanges: null,
  };
}

/**
 * The id of an identity in a tenant, the same in each of its JWTs: what it issues and begins goes on with the next one,
 * and is found by one id. Version 8 (RFC 9562 §5.8), which no token's id has: an identity has no row that could be
 * revoked, and whoever looks for one can tell by that.
 */
export function identityId(issuer: string, sub: string, tenantId: string | null): string {
  const text = JSON.stringify(['gatehold identity v1', issuer, sub, tenantId]);
  const bytes = createHash('sha256').update(text, 'utf8').digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuidFromBytes(bytes);
}

/**
 * Which tenant and whose identity there a JWT names that was not believed: nothing of it has to be true. Null when it
 * names none.
 */
export function claimedIdentity(
  jwt: string,
  issuers: readonly OidcIssuer[],
): { readonly tenantId: string; readonly tokenId: string } | null {
  try {
    const claims = decodeJwt(jwt);
    const issuer = issuers.find((each) => each.issuer === claims.iss);
    if (issuer === undefined || typeof claims.sub !== 'string') return null;
    const { tenantId } = tenantOf(claims, issuer);
    return { tenantId, tokenId: identityId(issuer.issuer, claims.sub, tenantId) };
  } catch {
    return null;
  }
}

/** What the values of the claim stand for, the role that may do most first. */
function rolesOf(claims: JWTPayload, { rolesClaim, roles }: OidcIssuer): Role[] {
  const values = wordsOf(claimAt(claims, rolesClaim)) ?? [];
  const granted = new Set(values.flatMap((value) => (Object.hasOwn(roles, value) ? [roles[value]] : [])));
  return ROLES.filter((role) => granted.has(role));
}

function tenantOf(claims: JWTPayload, issuer: OidcIssuer): TenantBinding {
  const named = issuer.tenant ?? claimAt(claims, issuer.tenantClaim);
  if (typeof named !== 'string' || !TENANT_ID.test(named)) throw OidcErrors.notMapped('names no tenant');
  if (issuer.tenants !== null && !issuer.tenants.includes(named))
    throw OidcErrors.notMapped('names a tenant that its issuer does not speak for');
  return { tenantId: named, subTenantIds: subTenantsOf(claims, issuer) };
}

/** Null only when nothing is said: what cannot be read must not become everything. */
function subTenantsOf(claims: JWTPayload, { subTenantsClaim }: OidcIssuer): string[] | null {
  const value = claimAt(claims, subTenantsClaim);
  if (value === undefined) return null;
  const ids = wordsOf(value);
  if (ids === null || ids.length === 0 || !ids.every((id) => TENANT_ID.test(id)))
    throw OidcErrors.notMapped('names no sub-tenants where it should');
  return ids;
}

/** By `scope` (RFC 9068 §2.2.3), if that says anything of the gateway: it takes away and never gives. */
function narrowed(scopes: ReadonlySet<Scope>, said: unknown): ReadonlySet<Scope> {
  const words = wordsOf(said) ?? [];
  if (!words.some((word) => FAMILIES.some((family) => word.startsWith(family)))) return scopes;
  return new Set([...scopes].filter((scope) => words.includes(scope)));
}

function claimAt(claims: JWTPayload, path: ClaimPath): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** A list of texts, or one text with spaces between; null for anything else. */
function wordsOf(value: unknown): string[] | null {
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  if (!Array.isArray(value)) return null;
  return (value as unknown[]).every((each) => typeof each === 'string') ? (value as string[]) : null;
}
