import { ChangeAttribution } from '#http';
import { type DynamicModule, Module } from '@nestjs/common';

import { AuditController } from './audit.controller.js';
import { AuditLog } from './audit-log.js';
import { AuditReads } from './audit-reads.js';
import { AuditService } from './audit.service.js';
import { AuditStore } from './audit.store.js';
import { RequestAttribution } from './request-attribution.js';

/** What was done, by whom, in the log of each tenant. */
@Module({})
export class AuditModule {
  static forRoot({ reads }: { readonly reads: AuditReads['mode'] }): DynamicModule {
    return {
      module: AuditModule,
      global: true,
      controllers: [AuditController],
      providers: [
        AuditStore,
        AuditService,
        AuditLog,
        { provide: AuditReads, useValue: new AuditReads(reads) },
        { provide: ChangeAttribution, useClass: RequestAttribution },
      ],
      exports: [AuditLog, ChangeAttribution],
    };
  }
}
