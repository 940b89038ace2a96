import { TenantDatabase } from '#database';
import type { TenantContext, TimePosition } from '#kernel';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';

/** A managed link. */
export interface LinkRow {
  readonly linkId: string;
  readonly sourceId: string;
  readonly tokenId: string;
  readonly filename: string | null;
  readonly disposition: 'attachment' | 'inline';
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** It opens nothing before; null: from the first. */
  readonly notBefore: Date | null;
  /** Null: any number. */
  readonly maxDownloads: number | null;
  /** Null: from anywhere. */
  readonly ipRanges: string[] | null;
  /** What went out whole. */
  readonly downloads: number;
  readonly lastUsedAt: Date | null;
}

/** What is stored of a link when it is made. */
export type NewLink = Omit<LinkRow, 'createdAt' | 'downloads' | 'lastUsedAt'>;

/** Which links a list shows. */
export interface LinkFilter {
  readonly sourceId: string | null;
  readonly tokenId: string | null;
  /** Position of the row before the first one wanted. */
  readonly before: TimePosition | null;
  readonly limit: number;
}

/** Database access for managed links. */
@Injectable()
export class LinkStore {
  constructor(private readonly database: TenantDatabase) {}

  async create(context: TenantContext, link: NewLink): Promise<LinkRow> {
    const { tenantId, subTenantId } = context;
    const { linkId, sourceId, tokenId, filename, disposition, expiresAt } = link;
    const { notBefore, maxDownloads, ipRanges } = link;
    const columns = [linkId, subTenantId, sourceId, tokenId, filename, disposition, expiresAt];
    const values = [tenantId, ...columns, notBefore, maxDownloads, ipRanges];
    const { rows } = await refuseIfTenantGone(this.database.query<LinkRow>(tenantId, { ...CREATE, values }));
    const [created] = rows;
    if (created === undefined) throw new Error('A link was not stored.');
    return created;
  }

  /** Live links of the sub-tenant, newest first. */
  async list({ tenantId, subTenantId }: TenantContext, filter: LinkFilter): Promise<LinkRow[]> {
    const { sourceId, tokenId, before, limit } = filter;
    const values = [
      tenantId,
      subTenantId,
      sourceId,
      tokenId,
      before === null ? null : before.createdAt,
      before === null ? null : before.id,
      limit,
    ];
    return (await this.database.query<LinkRow>(tenantId, { ...LIST, values })).rows;
  }

  /** Ends a link; false when there is no live one with this id. */
  async revoke({ tenantId, subTenantId }: TenantContext, linkId: string): Promise<boolean> {
    const { rowCount } = await this.database.query(tenantId, {
      ...REVOKE,
      values: [tenantId, subTenantId, linkId],
    });
    return rowCount === 1;
  }
}

const COLUMNS = `link_id AS "linkId", source_id AS "sourceId", token_id AS "tokenId", filename, disposition,
  created_at AS "createdAt", expires_at AS "expiresAt", not_before AS "notBefore", max_downloads AS "maxDownloads",
  ip_ranges AS "ipRanges", downloads::float8 AS downloads, last_used_at AS "lastUsedAt"`;
const CREATE = {
  name: 'create-link',
  text: `INSERT INTO links (tenant_id, link_id, sub_tenant_id, source_id, token_id, filename, disposition, expires_at,
  not_before, max_downloads, ip_ranges)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING ${COLUMNS}`,
};
const LIST = {
  name: 'list-links',
  text: `SELECT ${COLUMNS} FROM links
WHERE tenant_id = $1 AND sub_tenant_id = $2 AND revoked_at IS NULL AND expires_at > now()
  AND ($3::uuid IS NULL OR source_id = $3) AND ($4::uuid IS NULL OR token_id = $4)
  AND ($5::timestamptz IS NULL OR (created_at, link_id) < ($5, $6::uuid))
ORDER BY created_at DESC, link_id DESC LIMIT $7`,
};
const REVOKE = {
  name: 'revoke-link',
  text: `UPDATE links SET revoked_at = now()
WHERE tenant_id = $1 AND sub_tenant_id = $2 AND link_id = $3 AND revoked_at IS NULL`,
};
