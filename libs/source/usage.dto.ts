import { ApiProperty } from '@nestjs/swagger';

import type { SubTenantUsage } from './usage.store.js';

const COUNT = { type: 'integer', minimum: 0 } as const;
const QUOTA = { ...COUNT, nullable: true } as const;

/** What is stored and under way. */
class UsageCountsDto {
  @ApiProperty({ ...COUNT, description: 'Available sources.', example: 12 })
  objects: number;

  @ApiProperty({ ...COUNT, description: 'Bytes of available sources.', example: 48_211 })
  bytes: number;

  @ApiProperty({ ...COUNT, description: 'Sources that uploads under way will add.', example: 0 })
  reserved_objects: number;

  @ApiProperty({
    ...COUNT,
    description: 'Bytes that uploads under way have declared. Without a quota, undeclared ones do not count.',
    example: 0,
  })
  reserved_bytes: number;
}

/** Usage of one sub-tenant. */
export class SubTenantUsageDto extends UsageCountsDto {
  @ApiProperty({ example: 'legal' })
  sub_tenant_id: string;

  @ApiProperty({ ...QUOTA, example: null })
  quota_objects: number | null;

  @ApiProperty({ ...QUOTA, example: null })
  quota_bytes: number | null;
}

/** Usage of a tenant: the sums, and each of its sub-tenants. */
export class UsageDto extends UsageCountsDto {
  @ApiProperty({ example: 'acme' })
  tenant_id: string;

  @ApiProperty({ ...QUOTA, example: 100_000 })
  quota_objects: number | null;

  @ApiProperty({ ...QUOTA, example: 1_000_000_000 })
  quota_bytes: number | null;

  @ApiProperty({ type: [SubTenantUsageDto], description: 'By id; those that the token reaches.' })
  sub_tenants: SubTenantUsageDto[];
}

/** Renders usage. The sums are over the sub-tenants that are shown. */
export function toUsageDto(
  tenant: { tenantId: string; quotaObjects: number | null; quotaBytes: number | null },
  rows: readonly SubTenantUsage[],
): UsageDto {
  const sum = (of: (row: SubTenantUsage) => number): number =>
    rows.reduce((total, row) => total + of(row), 0);
  return {
    tenant_id: tenant.tenantId,
    objects: sum((row) => row.objects),
    bytes: sum((row) => row.bytes),
    reserved_objects: sum((row) => row.reservedObjects),
    reserved_bytes: sum((row) => row.reservedBytes),
    quota_objects: tenant.quotaObjects,
    quota_bytes: tenant.quotaBytes,
    sub_tenants: rows.map((row) => ({
      sub_tenant_id: row.subTenantId,
      objects: row.objects,
      bytes: row.bytes,
      reserved_objects: row.reservedObjects,
      reserved_bytes: row.reservedBytes,
      quota_objects: row.quotaObjects,
      quota_bytes: row.quotaBytes,
    })),
  };
}
