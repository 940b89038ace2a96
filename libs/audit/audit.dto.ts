import { ChoiceField, IntegerField, PatternField, TextField, TimeField } from '#http';
import { DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT } from '#kernel';
import { ApiProperty } from '@nestjs/swagger';

import { momentOf, OUTCOMES, type AuditEntry } from './audit-event.js';
import type { AuditFilter } from './audit.store.js';

const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const ACTION = /^[a-z_]{1,40}(?:\.[a-z_]{0,40})?$/;

/** Query of `GET /v1/audit/export`. */
export class AuditExportQuery {
  @PatternField({
    description: 'What was done, or the beginning of it: `source.read`, `token.`.',
    pattern: ACTION,
    says: 'must be an action, such as source.read, or the beginning of one',
    optional: true,
  })
  action?: string;

  @PatternField({
    description: 'What this token did.',
    pattern: UUID,
    says: 'must be a UUID',
    optional: true,
  })
  token_id?: string;

  @TextField({
    description: 'What was done to this: the id of a source, a token, a link.',
    max: 255,
    optional: true,
  })
  target_id?: string;

  @TextField({ description: 'What was done in this sub-tenant.', max: 64, optional: true })
  sub_tenant_id?: string;

  @ChoiceField({ description: 'How it ended.', choices: OUTCOMES, optional: true })
  outcome?: string;

  @TimeField({ description: 'At this moment or after it.', optional: true })
  from?: string;

  @TimeField({ description: 'Before this moment.', optional: true })
  to?: string;
}

/** Query of `GET /v1/audit`. */
export class AuditQuery extends AuditExportQuery {
  @IntegerField({
    description: `Entries of a page; ${DEFAULT_PAGE_LIMIT} when absent.`,
    min: 1,
    max: MAX_PAGE_LIMIT,
    optional: true,
    query: true,
    example: DEFAULT_PAGE_LIMIT,
  })
  limit?: number;

  @TextField({
    description: '`next_cursor` of the page before; absent for the first.',
    max: 4096,
    optional: true,
  })
  cursor?: string;
}

/** An entry, as answered. */
export class AuditEntryDto {
  @ApiProperty({ format: 'uuid', example: '0197c9a6-0d2e-7a41-8c55-3f9b1e2d4c6a' })
  entry_id: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  at: string;

  @ApiProperty({ description: 'The kind of what it was done to, and what.', example: 'token.create' })
  action: string;

  @ApiProperty({ enum: OUTCOMES, example: 'success' })
  outcome: string;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'Token that it was done with.',
    example: '0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e',
  })
  token_id: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "The token's role; `url` for an upload URL, `system` for the gateway itself.",
    example: 'admin',
  })
  role: string | null;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'Link that it was done with.',
    example: null,
  })
  link_id: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Null: it concerns the tenant.', example: null })
  sub_tenant_id: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'token' })
  target_kind: string | null;

  @ApiProperty({ type: String, nullable: true, example: '0197c9a3-90be-7c11-8d22-5e6f7a8b9c0d' })
  target_id: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: '`X-Request-Id` of the answer.',
    example: '0197c9a5-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
  })
  request_id: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Address of the client.', example: '192.0.2.7' })
  address: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { role: 'viewer' } })
  details: Readonly<Record<string, unknown>>;
}

/** What a query asks for. */
export function filterOf(query: AuditExportQuery): AuditFilter {
  return {
    actionPrefix: query.action ?? null,
    tokenId: query.token_id ?? null,
    targetId: query.target_id ?? null,
    subTenantId: query.sub_tenant_id ?? null,
    outcome: query.outcome ?? null,
    from: query.from === undefined ? null : new Date(query.from),
    to: query.to === undefined ? null : new Date(query.to),
  };
}

/** Renders an entry. */
export function toEntryDto(entry: AuditEntry): AuditEntryDto {
  return {
    entry_id: entry.entryId,
    at: momentOf(entry.entryId).toISOString(),
    action: entry.action,
    outcome: entry.outcome,
    token_id: entry.tokenId,
    role: entry.role,
    link_id: entry.linkId,
    sub_tenant_id: entry.subTenantId,
    target_kind: entry.targetKind,
    target_id: entry.targetId,
    request_id: entry.requestId,
    address: entry.address,
    details: entry.details ?? {},
  };
}
