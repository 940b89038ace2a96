import { type DynamicModule, Module } from '@nestjs/common';

import { AuditController } from './audit.controller.js';
import { AuditLog } from './audit-log.js';
import { AuditReads } from './audit-reads.js';
import { AuditRetention, AuditSealer } from './audit-sealer.js';
import { AuditSealStore } from './audit-seal.store.js';
import { AuditService } from './audit.service.js';
import { AuditStore } from './audit.store.js';
import { AuditVerification } from './audit-verification.js';

/** What the operator chooses. */
export interface AuditModuleOptions {
  readonly reads: AuditReads['mode'];
  /** Whole days; 0: for ever. */
  readonly retentionDays: number;
}

/** What was done, by whom, in the log of each tenant. */
@Module({})
export class AuditModule {
  static forRoot({ reads, retentionDays }: AuditModuleOptions): DynamicModule {
    return {
      module: AuditModule,
      global: true,
      controllers: [AuditController],
      providers: [
        AuditStore,
        AuditService,
        AuditLog,
        { provide: AuditReads, useValue: new AuditReads(reads) },
        AuditSealStore,
        AuditSealer,
        { provide: AuditRetention, useValue: new AuditRetention(retentionDays) },
      ],
      exports: [AuditLog],
    };
  }
}

/** For commands that look at logs, and serve nobody. */
@Module({ providers: [AuditSealStore, AuditVerification], exports: [AuditVerification] })
export class AuditVerificationModule {}
