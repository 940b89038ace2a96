/** What a mark is about, as it is stored; see the migration of `link_marks`. */
export const MARKS_TENANT = 'tenant';
export const MARKS_SUB_TENANT = 'sub_tenant:';
export const MARKS_SOURCE = 'source:';
export const MARKS_TOKEN = 'token:';

/** SQL expressions of what a link belongs to. */
export interface MarkedBy {
  readonly tenantId: string;
  readonly subTenantId: string;
  readonly sourceId: string;
  readonly tokenId: string;
}

/** SQL of the moment before which links of that tenant, sub-tenant, source and token have ended; NULL where there is none. */
export function newestMark({ tenantId, subTenantId, sourceId, tokenId }: MarkedBy): string {
  return `(SELECT max(m.issued_before) FROM link_marks m WHERE m.tenant_id = ${tenantId} AND m.target IN (
    '${MARKS_TENANT}', '${MARKS_SUB_TENANT}' || ${subTenantId}, '${MARKS_SOURCE}' || ${sourceId}, '${MARKS_TOKEN}' || ${tokenId}))`;
}

/** SQL of the newest mark that a tenant has, whatever it is about; NULL where it has none. */
export function newestMarkOf(tenantId: string): string {
  return `(SELECT max(m.issued_before) FROM link_marks m WHERE m.tenant_id = ${tenantId})`;
}
