import { ChoiceField, ListField, TextField, TextListField, TimeField } from '#http';
import { SCOPES, type Scope } from '#kernel';
import { ApiLimits, LimitsField, toLimitsDto, type LimitsDto } from '#limits';
import { TENANT_ID } from '#tenant';
import { ApiProperty } from '@nestjs/swagger';

import { AddressRangesField } from './address-ranges.field.js';
import { TENANT_ROLES, type TenantRole } from './role-scopes.js';
import { NoteField } from './token-change.dto.js';
import type { TokenEntity } from './token.entity.js';

/** Body of `POST /v1/tenants/{tenant_id}/tokens`. */
export class CreateTokenDto {
  @TextField({ description: 'For people; it need not be unique.', max: 256, example: 'document service' })
  name: string;

  @NoteField()
  note?: string | null;

  @ChoiceField({ description: 'The set of scopes to start from.', choices: TENANT_ROLES, example: 'editor' })
  role: TenantRole;

  @ListField({
    description: 'Narrows the role to these scopes. All of the role when absent.',
    choices: SCOPES,
    max: SCOPES.length,
    optional: true,
    nullable: true,
    example: ['sources:read'],
  })
  scopes?: Scope[] | null;

  @TextListField({
    description: 'Narrows the token to these sub-tenants. All when absent.',
    max: 100,
    accepts: (id) => TENANT_ID.test(id),
    what: 'sub-tenant ids',
    optional: true,
    nullable: true,
    example: ['default'],
  })
  sub_tenant_ids?: string[] | null;

  @TimeField({
    description: 'When the token ends. Never when absent.',
    optional: true,
    nullable: true,
    example: '2031-01-31T12:00:00Z',
  })
  expires_at?: string | null;

  @AddressRangesField('Addresses or CIDR ranges that requests must come from. Any when absent.')
  ip_ranges?: string[] | null;

  @LimitsField(
    'What its requests are limited to, beside what the tenant is. As its maker when absent; never changed.',
  )
  limits?: object | null;
}

/** Requests to begin with; the first one is what the API page offers. */
export const CREATE_TOKEN_EXAMPLES = {
  editor: { summary: 'All that its role may', value: { name: 'document service', role: 'editor' } },
  narrowed: {
    summary: 'Narrowed in every way',
    value: {
      name: 'report reader',
      note: 'Asked for by the reporting team.',
      role: 'viewer',
      scopes: ['sources:read'],
      sub_tenant_ids: ['default'],
      ip_ranges: ['127.0.0.0/8', '::1'],
      limits: { read: { per_second: 50, burst: 100 } },
      expires_at: '2031-01-31T12:00:00Z',
    },
  },
};

/** A token, as answered; without the token itself. */
export class TokenDto {
  @ApiProperty({ format: 'uuid', example: '0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e' })
  token_id: string;

  @ApiProperty({ example: 'acme' })
  tenant_id: string;

  @ApiProperty({ example: 'document service' })
  name: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  note: string | null;

  @ApiProperty({
    description: 'The beginning of the token, to tell tokens apart.',
    example: 'gth_k3v9x0q2m7ab_0Kd93bXa',
  })
  prefix: string;

  @ApiProperty({ enum: TENANT_ROLES, example: 'editor' })
  role: string;

  @ApiProperty({ enum: SCOPES, isArray: true, example: ['sources:read'] })
  scopes: string[];

  @ApiProperty({ type: [String], nullable: true, example: null })
  sub_tenant_ids: string[] | null;

  @ApiProperty({ type: [String], nullable: true, example: null })
  ip_ranges: string[] | null;

  @ApiLimits()
  limits: LimitsDto | null;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  expires_at: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the token got its present text. Null: it has its first one.',
    example: null,
  })
  rotated_at: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description:
      'When the text before the last rotation ends, or has ended. Null: it ended with the rotation.',
    example: null,
  })
  previous_expires_at: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'To a minute, and a few seconds late. Null: never.',
    example: null,
  })
  last_used_at: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The address it was used from then.',
    example: null,
  })
  last_used_address: string | null;
}

/** A token just made: the only answer that holds the token itself. */
export class IssuedTokenDto extends TokenDto {
  @ApiProperty({
    description: 'Shown this once. Keep it secret.',
    example: 'gth_k3v9x0q2m7ab_0Kd93bXaPq5LwT8eYzR1uV_the_secret_part_comes_here',
  })
  token: string;
}

/** Renders a token. */
export function toTokenDto(token: TokenEntity): TokenDto {
  return {
    token_id: token.tokenId,
    tenant_id: token.tenantId,
    name: token.name,
    note: token.note,
    prefix: token.prefix,
    role: token.role,
    scopes: token.scopes,
    sub_tenant_ids: token.subTenantIds,
    ip_ranges: token.ipRanges,
    limits: toLimitsDto(token.limits),
    created_at: token.createdAt.toISOString(),
    expires_at: token.expiresAt?.toISOString() ?? null,
    rotated_at: token.rotatedAt?.toISOString() ?? null,
    previous_expires_at: token.previousExpiresAt?.toISOString() ?? null,
    last_used_at: token.lastUsedAt?.toISOString() ?? null,
    last_used_address: token.lastUsedAddress,
  };
}
