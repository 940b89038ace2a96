import { AuthModule, RolePolicy } from '#auth';
import type { GatewayConfig } from '#config';
import { DatabaseModule, type Database } from '#database';
import { createValidationPipe, HttpErrorFilter } from '#http';
import type { Sealer, Secret } from '#kernel';
import { PresignModule, type PublicUrl } from '#presign';
import { SourceModule } from '#source';
import { FilesystemDriver } from '#storage-fs';
import {
  ChainTenantResolver,
  HeaderTenantResolver,
  RequestFieldTenantResolver,
  TenantModule,
  TokenTenantResolver,
} from '#tenant';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { join } from 'node:path';

import { FetchController } from './compat/fetch.controller.js';
import { KnowledgeBaseController } from './compat/knowledge-base.controller.js';
import { HealthController } from './health/health.controller.js';
import { Readiness } from './health/readiness.js';

/** What exists before the modules do. */
export interface AppOptions {
  readonly config: GatewayConfig;
  readonly database: Database;
  readonly rootToken: Secret;
  readonly sealer: Sealer;
  readonly publicUrl: PublicUrl;
}

/** The composition root: the one place where implementations are chosen. */
@Module({})
export class AppModule {
  static forRoot({ config, database, rootToken, sealer, publicUrl }: AppOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        DatabaseModule.forRoot(database),
        TenantModule.forRoot({ resolver: tenantResolver(config.http.organizationHeader) }),
        AuthModule.forRoot({ rootToken, policy: RolePolicy }),
        PresignModule.forRoot({ sealer, publicUrl }),
        SourceModule.forRoot({
          drivers: [new FilesystemDriver({ root: join(config.data.dir, 'objects') })],
          binding: { id: 'default', driver: 'filesystem', settings: {} },
          maxUploadBytes: config.limits.maxUploadBytes,
          inlineMaxBytes: config.limits.inlineMaxBytes,
          inlineInFlightBytes: config.limits.inlineInFlightBytes,
        }),
      ],
      controllers: [KnowledgeBaseController, FetchController, HealthController],
      providers: [
        Readiness,
        { provide: APP_PIPE, useFactory: () => createValidationPipe() },
        { provide: APP_FILTER, useClass: HttpErrorFilter },
      ],
    };
  }
}

function tenantResolver(organizationHeader: string): ChainTenantResolver {
  return new ChainTenantResolver([
    new TokenTenantResolver(),
    new HeaderTenantResolver({ tenant: 'x-tenant-id', subTenant: 'x-sub-tenant-id', family: 'native' }),
    new HeaderTenantResolver({ tenant: organizationHeader, family: 'knowledge-base' }),
    new RequestFieldTenantResolver(),
  ]);
}
