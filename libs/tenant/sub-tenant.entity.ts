import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** A division of a tenant. Every tenant has a default one. */
@Entity({ name: 'sub_tenants' })
export class SubTenantEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId: string;

  @PrimaryColumn({ name: 'sub_tenant_id', type: 'text' })
  subTenantId: string;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text' })
  status: 'active' | 'suspended';

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;
}
