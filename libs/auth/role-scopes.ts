import { SCOPES, type Role, type Scope } from '#kernel';

const ALL: readonly Scope[] = SCOPES;

/** What each role carries. A token may narrow its role to fewer. */
export const ROLE_SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  platform_admin: ALL,
  admin: ALL.filter((scope) => scope !== 'tenants:manage'),
  editor: ['sources:read', 'sources:create', 'sources:write', 'sources:delete', 'links:manage'],
  viewer: ['sources:read'],
  uploader: ['sources:create'],
};

/** Roles that a tenant's token can have. */
export const TENANT_ROLES = ['admin', 'editor', 'viewer', 'uploader'] as const;
export type TenantRole = (typeof TENANT_ROLES)[number];
