import type { Limits, Scope } from '#kernel';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

import type { TenantRole } from './role-scopes.js';

/** A tenant's bearer token; the token itself is not here, only its hash. */
@Entity({ name: 'tokens' })
export class TokenEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId: string;

  @PrimaryColumn({ name: 'token_id', type: 'uuid' })
  tokenId: string;

  @Column({ name: 'token_hash', type: 'bytea' })
  tokenHash: Buffer;

  @Column({ type: 'text' })
  prefix: string;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text', nullable: true })
  note: string | null;

  @Column({ type: 'text' })
  role: TenantRole;

  /** Every scope it carries; never more than its role's. */
  @Column({ type: 'text', array: true })
  scopes: Scope[];

  /** Null: all of the tenant's. */
  @Column({ name: 'sub_tenant_ids', type: 'text', array: true, nullable: true })
  subTenantIds: string[] | null;

  /** CIDR ranges that requests must come from; null: no limit. */
  @Column({ name: 'ip_ranges', type: 'text', array: true, nullable: true })
  ipRanges: string[] | null;

  /** Null: none of its own. */
  @Column({ type: 'jsonb', nullable: true })
  limits: Limits | null;

  /** Token that made it. */
  @Column({ name: 'created_by', type: 'uuid' })
  createdBy: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt: Date | null;

  @Column({ name: 'rotated_at', type: 'timestamptz', nullable: true })
  rotatedAt: Date | null;

  /** Until when the text before the last rotation works; null: there is none that does. */
  @Column({ name: 'previous_expires_at', type: 'timestamptz', nullable: true })
  previousExpiresAt: Date | null;

  /** To a minute, and a few seconds late. */
  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true })
  lastUsedAt: Date | null;

  @Column({ name: 'last_used_address', type: 'text', nullable: true })
  lastUsedAddress: string | null;
}
