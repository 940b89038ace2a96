import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

import { BIGINT, type Bounds } from './bounds.js';

/** A division of a tenant. Every tenant has a default one. */
@Entity({ name: 'sub_tenants' })
export class SubTenantEntity implements Bounds {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId: string;

  @PrimaryColumn({ name: 'sub_tenant_id', type: 'text' })
  subTenantId: string;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text' })
  status: 'active' | 'suspended';

  @Column({ name: 'quota_bytes', type: 'bigint', nullable: true, transformer: BIGINT })
  quotaBytes: number | null;

  @Column({ name: 'quota_objects', type: 'bigint', nullable: true, transformer: BIGINT })
  quotaObjects: number | null;

  @Column({ name: 'max_upload_bytes', type: 'bigint', nullable: true, transformer: BIGINT })
  maxUploadBytes: number | null;

  @Column({ name: 'allowed_content_types', type: 'text', array: true, nullable: true })
  allowedContentTypes: string[] | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
