import { validationFailed, type ErrorFamily } from '#http';
import { CodedError, CommonErrors } from '#kernel';

import { TenantErrors } from './tenant.errors.js';
import { TenantResolver, type TenantClaim, type TenantRequest } from './tenant-resolver.js';

/** The tenant that the token is bound to. */
export class TokenTenantResolver extends TenantResolver {
  resolve({ principal }: TenantRequest): TenantClaim | null {
    return principal.tenant === null ? null : { tenantId: principal.tenant.tenantId };
  }
}

/** Names of the headers and where they count. */
export interface HeaderNames {
  /** In lower case. */
  readonly tenant: string;
  readonly subTenant?: string;
  /** Null: everywhere. */
  readonly family: ErrorFamily | null;
}

/** Tenant and sub-tenant out of request headers. */
export class HeaderTenantResolver extends TenantResolver {
  constructor(private readonly names: HeaderNames) {
    super();
  }

  resolve(request: TenantRequest): TenantClaim | null {
    const { headers } = request;
    const { tenant, subTenant, family } = this.names;
    const tenantField = headers[tenant];
    const subTenantField = subTenant === undefined ? undefined : headers[subTenant];
    if (tenantField === undefined && subTenantField === undefined) return null;
    if (family !== null && family !== request.family) return null;
    return claim(single(tenantField), single(subTenantField));
  }
}

/** A tenant's name in a host: one label (RFC 1123 §2.1). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The tenant out of the host that a request was sent to. A host name has no case, so that only tenants whose ids are
 * lower-case labels can be reached in this way; a host of another form says nothing.
 */
export class HostTenantResolver extends TenantResolver {
  private readonly suffix: string;

  /** `pattern`: a host with `{tenant}` for its first label, for example `{tenant}.files.example.com`. */
  constructor(pattern: string) {
    super();
    this.suffix = pattern.slice('{tenant}'.length).toLowerCase();
  }

  resolve({ host }: TenantRequest): TenantClaim | null {
    const name = host.toLowerCase();
    if (!name.endsWith(this.suffix)) return null;
    const label = name.slice(0, -this.suffix.length);
    return LABEL.test(label) ? { tenantId: label } : null;
  }
}

/** `tenant_id` and `sub_tenant_id` out of the JSON body of the fetch family. */
export class RequestFieldTenantResolver extends TenantResolver {
  resolve(request: TenantRequest): TenantClaim | null {
    const { body } = request;
    if (typeof body !== 'object' || body === null || request.family !== 'fetch') return null;
    const fields = body as Record<string, unknown>;
    return claim(
      text('tenant_id', fields['tenant_id']),
      text('sub_tenant_id', fields['sub_tenant_id'] ?? undefined),
    );
  }
}

/** Asks several resolvers; what they say must agree. */
export class ChainTenantResolver extends TenantResolver {
  constructor(private readonly resolvers: readonly TenantResolver[]) {
    super();
  }

  resolve(request: TenantRequest): TenantClaim | null {
    const bound = request.principal.tenant?.tenantId;
    let [tenantId, subTenantId]: (string | undefined)[] = [];
    let [isMismatched, isContradicted] = [false, false];
    for (const resolver of this.resolvers) {
      const said = resolver.resolve(request);
      if (said === null) continue;
      isMismatched ||= contradict(said.tenantId, bound);
      isContradicted ||= contradict(said.tenantId, tenantId) || contradict(said.subTenantId, subTenantId);
      tenantId ??= said.tenantId;
      subTenantId ??= said.subTenantId;
    }
    if (isMismatched) throw TenantErrors.mismatch();
    if (isContradicted) throw TenantErrors.contradiction();
    return claim(tenantId, subTenantId);
  }

  override routedTarget(target: string): string {
    return this.resolvers.reduce((path, resolver) => resolver.routedTarget(path), target);
  }
}

function claim(tenantId: string | undefined, subTenantId: string | undefined): TenantClaim | null {
  if (subTenantId !== undefined) return tenantId === undefined ? { subTenantId } : { tenantId, subTenantId };
  return tenantId === undefined ? null : { tenantId };
}

function contradict(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

function single(value: string | string[] | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  // Node joins repeated headers of unknown names with a comma, which no id contains.
  if (Array.isArray(value) || value.includes(',')) {
    throw new CodedError(CommonErrors.unparsable, 'A header that names a tenant may be sent once only.');
  }
  return value;
}

function text(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string')
    throw validationFailed([{ field, code: 'invalid', message: 'must be text' }]);
  return value;
}
