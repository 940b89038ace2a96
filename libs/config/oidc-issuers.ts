import { isTrustworthyUrl, ROLES, type Role } from '#kernel';
import { readFileSync } from 'node:fs';

import { Unacceptable } from './setting.js';
import type { ValueType } from './values.js';

/** An OpenID provider whose tokens are taken; see docs/oidc.md for what each member means. */
export interface OidcIssuerSettings {
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Names of members, each within the one before. */
  readonly tenantClaim: readonly string[];
  readonly tenant: string | null;
  readonly tenants: readonly string[] | null;
  readonly subTenantsClaim: readonly string[];
  readonly rolesClaim: readonly string[];
  readonly roles: Readonly<Record<string, Role>>;
}

const MEMBERS: readonly string[] = [
  ...['issuer', 'audience', 'tenant', 'tenants', 'tenant_claim'],
  ...['sub_tenants_claim', 'roles_claim', 'roles'],
];

/** JSON, or the file that holds it; what a file says is read once, at start. */
export const oidcIssuers: ValueType<readonly OidcIssuerSettings[]> = {
  type: 'a JSON list of issuers (docs/oidc.md), or the path of a file that holds one',
  parse: (text) => {
    const list = parsed(text.trim().startsWith('[') ? text : contentOf(text));
    if (!Array.isArray(list) || list.length === 0) throw new Unacceptable('must be a JSON list of issuers');
    const issuers = list.map((one: unknown, index) => issuerOf(one, `[${index}]`));
    if (new Set(issuers.map(({ issuer }) => issuer)).size < issuers.length)
      throw new Unacceptable('names an issuer twice');
    return Object.freeze(issuers);
  },
};

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new Unacceptable('must be a JSON list of issuers, or the path of a file that can be read');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unacceptable('is not JSON');
  }
}

function issuerOf(value: unknown, at: string): OidcIssuerSettings {
  if (!isObject(value)) throw new Unacceptable(`${at} must be an object`);
  if (Object.keys(value).some((name) => !MEMBERS.includes(name)))
    throw new Unacceptable(`${at} has a member that is none of ${MEMBERS.join(', ')}`);
  const { issuer, audience, tenant = null, tenants = null } = value;
  if (typeof issuer !== 'string' || !isIssuer(issuer))
    throw new Unacceptable(`${at}.issuer must be an https URL (http for loopback only) without query`);
  if (audience === undefined) throw new Unacceptable(`${at}.audience is missing`);
  if (tenant !== null && tenants !== null)
    throw new Unacceptable(`${at} has both tenant and tenants: one is enough`);
  const bound = tenant !== null || tenants !== null;
  return Object.freeze({
    issuer,
    audiences: texts(typeof audience === 'string' ? [audience] : audience, `${at}.audience`),
    tenant: tenant === null ? null : (texts([tenant], `${at}.tenant`)[0] ?? null),
    tenants: tenants === null ? null : texts(tenants, `${at}.tenants`),
    tenantClaim: claim(value['tenant_claim'], 'tenant_id', `${at}.tenant_claim`),
    subTenantsClaim: claim(value['sub_tenants_claim'], 'sub_tenant_ids', `${at}.sub_tenants_claim`),
    rolesClaim: claim(value['roles_claim'], 'roles', `${at}.roles_claim`),
    roles: rolesOf(value['roles'], bound, `${at}.roles`),
  });
}

/** OpenID Connect Discovery 1.0 §3: neither query nor fragment. */
function isIssuer(text: string): boolean {
  return isTrustworthyUrl(text) && !/[?#\s]/.test(text);
}

function claim(value: unknown, usual: string, at: string): readonly string[] {
  if (value === undefined) return Object.freeze([usual]);
  return texts(typeof value === 'string' ? [value] : value, at);
}

function texts(value: unknown, at: string): readonly string[] {
  const isList = Array.isArray(value) && value.length > 0;
  if (!isList || !value.every((one) => typeof one === 'string' && one !== ''))
    throw new Unacceptable(`${at} must be text, or a list of texts where one makes sense`);
  return Object.freeze([...(value as string[])]);
}

function rolesOf(value: unknown, bound: boolean, at: string): Readonly<Record<string, Role>> {
  const entries = isObject(value) ? Object.entries(value) : [];
  if (entries.length === 0) throw new Unacceptable(`${at} must say what roles mean here`);
  const roles = entries.map(([name, given]) => {
    const role = ROLES.find((one) => one === given);
    if (role === undefined) throw new Unacceptable(`${at} has a value that is none of ${ROLES.join(', ')}`);
    // The platform is above every tenant, so whoever speaks for some of them cannot speak for it.
    if (role === 'platform_admin' && bound)
      throw new Unacceptable(`${at} gives platform_admin, which an issuer with tenant or tenants cannot`);
    return [name, role] as const;
  });
  return Object.freeze(Object.fromEntries(roles));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
