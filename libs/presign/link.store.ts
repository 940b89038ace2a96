import { TenantDatabase } from '#database';
import type { TenantContext, TimePosition } from '#kernel';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';

import { newestMark } from './link-marks.sql.js';

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
  /** Null where there is no limit. */
  readonly maxDownloads: number | null;
  /** Null: from anywhere. */
  readonly ipRanges: string[] | null;
  /** What went out whole. */
  readonly downloads: number;
  readonly lastUsedAt: Date | null;
  readonly status: LinkStatus;
}

/** Whether a link opens anything, as far as its own row and the marks say. */
export const LINK_STATUSES = ['live', 'used_up', 'expired', 'revoked'] as const;
export type LinkStatus = (typeof LINK_STATUSES)[number];

/** What is stored of a link when it is made. */
export type NewLink = Omit<LinkRow, 'createdAt' | 'downloads' | 'lastUsedAt' | 'status'>;

/** Links of a sub-tenant; null leaves a filter open. */
export interface LinkSelection {
  readonly sourceId: string | null;
  readonly tokenId: string | null;
}

/** Which links a list shows. */
export interface LinkFilter extends LinkSelection {
  readonly status: LinkStatus;
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

  /** Links of the sub-tenant with that status, newest first. */
  async list({ tenantId, subTenantId }: TenantContext, filter: LinkFilter): Promise<LinkRow[]> {
    const { sourceId, tokenId, status, before, limit } = filter;
    const values = [
      tenantId,
      subTenantId,
      sourceId,
      tokenId,
      before === null ? null : before.createdAt,
      before === null ? null : before.id,
      limit,
      status,
    ];
    return (await this.database.query<LinkRow>(tenantId, { ...LIST, values })).rows;
  }

  /** The link, whatever became of it; null when there is none. */
  async find({ tenantId, subTenantId }: TenantContext, linkId: string): Promise<LinkRow | null> {
    const values = [tenantId, subTenantId, linkId];
    return (await this.database.query<LinkRow>(tenantId, { ...FIND, values })).rows[0] ?? null;
  }

  /** Ends what is selected and lives. */
  async revokeAll({ tenantId, subTenantId }: TenantContext, selection: LinkSelection): Promise<void> {
    const values = [tenantId, subTenantId, selection.sourceId, selection.tokenId];
    await this.database.query(tenantId, { ...REVOKE_ALL, values });
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

/** Of a link `l`. */
const MARK = newestMark({
  tenantId: 'l.tenant_id',
  subTenantId: 'l.sub_tenant_id',
  sourceId: 'l.source_id',
  tokenId: 'l.token_id',
});
const STATUS = `CASE WHEN l.revoked_at IS NOT NULL OR ${MARK} > l.created_at THEN 'revoked'
  WHEN l.expires_at <= now() THEN 'expired' WHEN l.downloads >= l.max_downloads THEN 'used_up' ELSE 'live' END`;
const COLUMNS = `l.link_id AS "linkId", l.source_id AS "sourceId", l.token_id AS "tokenId", l.filename, l.disposition,
  l.created_at AS "createdAt", l.expires_at AS "expiresAt", l.not_before AS "notBefore",
  l.max_downloads AS "maxDownloads", l.ip_ranges AS "ipRanges", l.downloads::float8 AS downloads,
  l.last_used_at AS "lastUsedAt", ${STATUS} AS status`;
const CREATE = {
  name: 'create-link',
  text: `INSERT INTO links AS l (tenant_id, link_id, sub_tenant_id, source_id, token_id, filename, disposition, expires_at,
  not_before, max_downloads, ip_ranges)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING ${COLUMNS}`,
};
const LIST = {
  name: 'list-links',
  text: `SELECT ${COLUMNS} FROM links l
WHERE l.tenant_id = $1 AND l.sub_tenant_id = $2
  AND ($3::uuid IS NULL OR l.source_id = $3) AND ($4::uuid IS NULL OR l.token_id = $4)
  AND ($5::timestamptz IS NULL OR (l.created_at, l.link_id) < ($5, $6::uuid)) AND ${STATUS} = $8
ORDER BY l.created_at DESC, l.link_id DESC LIMIT $7`,
};
const FIND = {
  name: 'find-link',
  text: `SELECT ${COLUMNS} FROM links l WHERE l.tenant_id = $1 AND l.sub_tenant_id = $2 AND l.link_id = $3`,
};
const REVOKE = {
  name: 'revoke-link',
  text: `UPDATE links SET revoked_at = now()
WHERE tenant_id = $1 AND sub_tenant_id = $2 AND link_id = $3 AND revoked_at IS NULL`,
};
const REVOKE_ALL = {
  name: 'revoke-links',
  text: `UPDATE links SET revoked_at = now()
WHERE tenant_id = $1 AND sub_tenant_id = $2 AND ($3::uuid IS NULL OR source_id = $3)
  AND ($4::uuid IS NULL OR token_id = $4) AND revoked_at IS NULL AND expires_at > now()`,
};
