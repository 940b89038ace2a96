import { PatternField, TextField } from '#http';
import { ApiLimits, LimitsField, toLimitsDto, type LimitsDto } from '#limits';
import { ApiProperty } from '@nestjs/swagger';

import { BoundsBody, BoundsDto, toBoundsDto } from './bounds.dto.js';
import type { SubTenantEntity } from './sub-tenant.entity.js';
import type { TenantEntity } from './tenant.entity.js';
import { TENANT_ID } from './tenant-ids.js';

const ID_RULE = 'must start with a letter or digit and have 1 to 64 of the characters A-Z a-z 0-9 _ . -';

/** `?force=true` */
export class ForceQuery {
  @PatternField({
    description: 'Also erase what the thing holds. Needs `tenants:manage`.',
    pattern: /^(?:true|false)$/,
    says: 'must be true or false',
    optional: true,
    example: 'false',
  })
  force?: string;
}

/** Body of `POST /v1/tenants`. */
export class CreateTenantDto extends BoundsBody {
  @PatternField({
    description: 'Made when absent.',
    pattern: TENANT_ID,
    says: ID_RULE,
    optional: true,
    example: 'acme',
  })
  tenant_id?: string;

  @TextField({
    description: 'For people. The id when absent.',
    max: 256,
    optional: true,
    example: 'Acme GmbH',
  })
  name?: string;

  @PatternField({
    description: 'Id of the sub-tenant made with the tenant; `default` when absent.',
    pattern: TENANT_ID,
    says: ID_RULE,
    optional: true,
    example: 'default',
  })
  default_sub_tenant_id?: string;

  @LimitsField('What its requests are limited to. Not at all when absent.')
  limits?: object | null;
}

/** Body of `PATCH /v1/tenants/{tenant_id}/sub-tenants/{sub_tenant_id}`. */
export class UpdateSubTenantDto extends BoundsBody {
  @TextField({ description: 'For people.', max: 256, optional: true, example: 'Acme AG' })
  name?: string;
}

/** Body of `PATCH /v1/tenants/{tenant_id}`. */
export class UpdateTenantDto extends UpdateSubTenantDto {
  @LimitsField('Limits that are absent stay as they are; `null` takes one away, or all of them.')
  limits?: object | null;
}

/** Body of `POST /v1/tenants/{tenant_id}/sub-tenants`. */
export class CreateSubTenantDto extends BoundsBody {
  @PatternField({
    description: 'Unique within the tenant.',
    pattern: TENANT_ID,
    says: ID_RULE,
    example: 'legal',
  })
  sub_tenant_id: string;

  @TextField({
    description: 'For people. The id when absent.',
    max: 256,
    optional: true,
    example: 'Legal department',
  })
  name?: string;
}

/** A tenant, as answered. */
export class TenantDto extends BoundsDto {
  @ApiProperty({ example: 'acme' })
  tenant_id: string;

  @ApiProperty({ example: 'Acme GmbH' })
  name: string;

  @ApiProperty({ example: 'default' })
  default_sub_tenant_id: string;

  @ApiProperty({ enum: ['active', 'suspended'], example: 'active' })
  status: string;

  @ApiLimits()
  limits: LimitsDto | null;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  updated_at: string;
}

/** A sub-tenant, as answered. */
export class SubTenantDto extends BoundsDto {
  @ApiProperty({ example: 'acme' })
  tenant_id: string;

  @ApiProperty({ example: 'legal' })
  sub_tenant_id: string;

  @ApiProperty({ example: 'Legal department' })
  name: string;

  @ApiProperty({ example: false })
  is_default: boolean;

  @ApiProperty({ enum: ['active', 'suspended'], example: 'active' })
  status: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  updated_at: string;
}

/** Renders a tenant. */
export function toTenantDto(tenant: TenantEntity): TenantDto {
  return {
    tenant_id: tenant.tenantId,
    name: tenant.name,
    default_sub_tenant_id: tenant.defaultSubTenantId,
    status: tenant.status,
    ...toBoundsDto(tenant),
    limits: toLimitsDto(tenant.limits),
    created_at: tenant.createdAt.toISOString(),
    updated_at: tenant.updatedAt.toISOString(),
  };
}

/** Renders a sub-tenant. */
export function toSubTenantDto(subTenant: SubTenantEntity, defaultSubTenantId: string): SubTenantDto {
  return {
    tenant_id: subTenant.tenantId,
    sub_tenant_id: subTenant.subTenantId,
    name: subTenant.name,
    is_default: subTenant.subTenantId === defaultSubTenantId,
    status: subTenant.status,
    ...toBoundsDto(subTenant),
    created_at: subTenant.createdAt.toISOString(),
    updated_at: subTenant.updatedAt.toISOString(),
  };
}
