import { BooleanField, PatternField, UuidField, TimeField } from '#http';
import { TENANT_ID } from '#tenant';
import { ApiProperty } from '@nestjs/swagger';

import type { LinkRevocation } from './link-revocation.service.js';

/** Body of `POST /v1/tenants/{tenant_id}/links/revoke`. */
export class RevokeLinksDto {
  @TimeField({
    description:
      'What was issued earlier ends. Now when absent, which is the end of this second; not later than now.',
    optional: true,
    nullable: true,
    example: '2026-01-31T12:00:00Z',
  })
  issued_before?: string | null;

  @UuidField({
    description: 'Links to this source alone (its UUID).',
    optional: true,
    nullable: true,
  })
  source_id?: string | null;

  @UuidField({
    description: 'Links that this token has issued alone.',
    optional: true,
    nullable: true,
  })
  token_id?: string | null;

  @PatternField({
    description: 'Links to sources of this sub-tenant alone.',
    pattern: TENANT_ID,
    says: 'must be the id of a sub-tenant',
    optional: true,
    nullable: true,
    example: 'default',
  })
  sub_tenant_id?: string | null;

  @BooleanField({
    description: 'All links of the tenant. Without one of the three above it has to be true.',
    optional: true,
    example: false,
  })
  all?: boolean;
}

/** Requests to begin with; the first one is what the API page offers. */
export const REVOKE_LINKS_EXAMPLES = {
  subTenant: { summary: 'All of a sub-tenant, up to now', value: { sub_tenant_id: 'default' } },
  source: {
    summary: 'All to a source, up to now',
    value: { source_id: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57' },
  },
  all: {
    summary: 'All of the tenant, up to a moment',
    value: { all: true, issued_before: '2026-01-31T12:00:00Z' },
  },
};

/** What has ended, as answered. */
export class RevokedLinksDto {
  @ApiProperty({
    format: 'date-time',
    description: 'What was issued earlier has ended: the latest moment that was asked for.',
    example: '2026-01-31T12:00:00.000Z',
  })
  issued_before: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: null })
  source_id: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, example: null })
  token_id: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'default' })
  sub_tenant_id: string | null;
}

/** Renders what has ended. */
export function toRevokedLinksDto({ issuedBefore, of, id }: LinkRevocation): RevokedLinksDto {
  return {
    issued_before: issuedBefore.toISOString(),
    source_id: of === 'source' ? id : null,
    token_id: of === 'token' ? id : null,
    sub_tenant_id: of === 'sub_tenant' ? id : null,
  };
}
