import { ROLES, SCOPES, type Role, type Scope } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import { ROLE_SCOPES, TENANT_ROLES } from './role-scopes.js';

/** The table of the design, row by row: a column for each of platform_admin, admin, editor, viewer, uploader. */
const TABLE: Readonly<Record<Scope, string>> = {
  'tenants:manage': 'x....',
  'sub_tenants:manage': 'xx...',
  'tokens:manage': 'xx...',
  'storage:manage': 'xx...',
  'usage:read': 'xx...',
  'audit:read': 'xx...',
  'sources:read': 'xxxx.',
  'sources:create': 'xxx.x',
  'sources:write': 'xxx..',
  'sources:delete': 'xxx..',
  'links:manage': 'xxx..',
};
const COLUMNS: readonly Role[] = ['platform_admin', 'admin', 'editor', 'viewer', 'uploader'];

describe('ROLE_SCOPES', () => {
  it('covers every scope and every role there is', () => {
    expect(Object.keys(TABLE).sort()).toEqual([...SCOPES].sort());
    expect([...COLUMNS].sort()).toEqual([...ROLES].sort());
    expect(Object.keys(ROLE_SCOPES).sort()).toEqual([...ROLES].sort());
  });

  it.each(
    SCOPES.flatMap((scope) =>
      COLUMNS.map((role, column) => ({ scope, role, carried: TABLE[scope][column] === 'x' })),
    ),
  )('$role carries $scope: $carried', ({ scope, role, carried }) => {
    expect(ROLE_SCOPES[role].includes(scope)).toBe(carried);
  });

  it('names no scope twice', () => {
    for (const scopes of Object.values(ROLE_SCOPES)) expect(new Set(scopes).size).toBe(scopes.length);
  });

  it('offers tenants every role but that of the platform', () => {
    expect(TENANT_ROLES).toEqual(ROLES.filter((role) => role !== 'platform_admin'));
  });
});
