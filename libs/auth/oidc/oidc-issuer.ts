import type { Role } from '#kernel';

/** A claim by its name; several names lead into objects, one after the other. */
export type ClaimPath = readonly string[];

/** An OpenID provider that a deployment believes, and what it may say. */
export interface OidcIssuer {
  /** Exactly as the provider writes itself; a trailing slash counts. */
  readonly issuer: string;
  /** A JWT has to be meant for one of these; never empty. */
  readonly audiences: readonly string[];
  /** Where a JWT names its tenant. Not read when there is a {@link tenant}. */
  readonly tenantClaim: ClaimPath;
  /** All that the issuer's JWTs are about; null: each says for itself. */
  readonly tenant: string | null;
  /** The tenants that the issuer may speak for; null: every one. */
  readonly tenants: readonly string[] | null;
  readonly subTenantsClaim: ClaimPath;
  readonly rolesClaim: ClaimPath;
  /** What a value of the claim of roles stands for; every other value stands for nothing. */
  readonly roles: Readonly<Record<string, Role>>;
}
