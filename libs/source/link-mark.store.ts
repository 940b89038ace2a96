import { TenantDatabase } from '#database';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';

/** A moment before which links have ended. */
export interface LinkMark {
  readonly issuedBefore: Date;
  /** How long it takes until what is issued says of itself that it was issued since. Seconds. */
  readonly aheadSeconds: number;
}

/** Database access for the moments before which links have ended. */
@Injectable()
export class LinkMarkStore {
  constructor(private readonly database: TenantDatabase) {}

  /**
   * Ends what was issued before a moment (null: the end of this second) and answers the mark that is in force: marks move
   * forward only. In the same statement marks go that no link is old enough for any more.
   */
  async put(tenantId: string, target: string, issuedBefore: Date | null): Promise<LinkMark> {
    const values = [tenantId, target, issuedBefore];
    const put = this.database.query<LinkMark>(tenantId, { ...PUT, values });
    const [mark] = (await refuseIfTenantGone(put)).rows;
    if (mark === undefined) throw new Error('A mark was not stored.');
    return mark;
  }

  /** The sub-tenant that a source is in; null when there is no such source. */
  async findPlaceOf(tenantId: string, sourceId: string): Promise<string | null> {
    const values = [tenantId, sourceId];
    return (await this.database.query<{ id: string }>(tenantId, { ...PLACE, values })).rows[0]?.id ?? null;
  }

  /** The id of a sub-tenant, the default one by its usual names as well; null when there is none. */
  async findSubTenant(tenantId: string, subTenantId: string): Promise<string | null> {
    const values = [tenantId, subTenantId];
    const { rows } = await this.database.query<{ id: string }>(tenantId, { ...SUB_TENANT, values });
    return rows[0]?.id ?? null;
  }

  /** Whether it is a token that can have issued links of the tenant, revoked or not. */
  async isToken(tenantId: string, tokenId: string): Promise<boolean> {
    const { rowCount } = await this.database.query(tenantId, { ...TOKEN, values: [tenantId, tokenId] });
    return rowCount > 0;
  }
}

/** Links without a row are dated to the second: where a mark lies within one, what is issued in it ends as well. */
const PUT = {
  name: 'put-link-mark',
  text: `
WITH outlived AS (
  DELETE FROM link_marks WHERE tenant_id = $1 AND issued_before < now() - interval '8 days' AND target <> $2)
INSERT INTO link_marks (tenant_id, target, issued_before)
VALUES ($1, $2, coalesce($3, date_trunc('second', now()) + interval '1 second'))
ON CONFLICT (tenant_id, target)
  DO UPDATE SET issued_before = greatest(link_marks.issued_before, excluded.issued_before)
RETURNING issued_before AS "issuedBefore", greatest(
  0, ceil(extract(epoch FROM issued_before)) - extract(epoch FROM clock_timestamp()))::float8 AS "aheadSeconds"`,
};
const PLACE = {
  name: 'place-of-source',
  text: 'SELECT sub_tenant_id AS id FROM sources WHERE tenant_id = $1 AND source_id = $2',
};
const SUB_TENANT = {
  name: 'marked-sub-tenant',
  text: `SELECT u.sub_tenant_id AS id FROM tenants t JOIN sub_tenants u ON u.tenant_id = t.tenant_id
WHERE t.tenant_id = $1
  AND u.sub_tenant_id = CASE WHEN $2 IN ('default', t.tenant_id) THEN t.default_sub_tenant_id ELSE $2 END`,
};
const TOKEN = {
  name: 'marked-token',
  text: `SELECT FROM tokens WHERE tenant_id = $1 AND token_id = $2
UNION ALL SELECT FROM platform_tokens WHERE token_id = $2`,
};
