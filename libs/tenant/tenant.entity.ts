import type { Limits } from '#kernel';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

import { BIGINT, type Bounds } from './bounds.js';

/** `deleting`: access has ended, the bytes are being erased. */
export type TenantStatus = 'active' | 'suspended' | 'deleting';

/** A customer of the platform. */
@Entity({ name: 'tenants' })
export class TenantEntity implements Bounds {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId: string;

  /** Opaque; what tokens, links and object keys carry instead of the id. A tenant made anew under an old id has another. */
  @Column({ name: 'tenant_key', type: 'text' })
  tenantKey: string;

  @Column({ type: 'text' })
  name: string;

  @Column({ name: 'default_sub_tenant_id', type: 'text' })
  defaultSubTenantId: string;

  @Column({ type: 'text' })
  status: TenantStatus;

  @Column({ name: 'quota_bytes', type: 'bigint', nullable: true, transformer: BIGINT })
  quotaBytes: number | null;

  @Column({ name: 'quota_objects', type: 'bigint', nullable: true, transformer: BIGINT })
  quotaObjects: number | null;

  @Column({ name: 'max_upload_bytes', type: 'bigint', nullable: true, transformer: BIGINT })
  maxUploadBytes: number | null;

  @Column({ name: 'allowed_content_types', type: 'text', array: true, nullable: true })
  allowedContentTypes: string[] | null;

  /** Null: none. */
  @Column({ type: 'jsonb', nullable: true })
  limits: Limits | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
