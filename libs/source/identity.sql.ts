/**
 * Whether an id is that of an identity of an OpenID provider: of version 8, which no token's is. Such a one has no row to
 * be looked for and cannot be revoked: what it issues ends with the JWT that it was issued by, or is taken back itself.
 */
export function isIdentity(id: string): string {
  return `substr((${id})::text, 15, 1) = '8'`;
}
