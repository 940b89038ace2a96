import { AuthModule, RolePolicy } from '#auth';
import type { GatewayConfig } from '#config';
import { DatabaseModule, type Database } from '#database';
import { createValidationPipe, HttpErrorFilter } from '#http';
import type { Sealer, Secret } from '#kernel';
import { PresignModule, SigV4Presigner, type PublicUrl } from '#presign';
import { SourceModule } from '#source';
import { EndpointGuard, guardedAgents, type StorageDriver } from '#storage';
import { StorageBindingModule } from '#binding';
import { AzureDriver } from '#storage-azure';
import { FilesystemDriver } from '#storage-fs';
import { S3Driver, type S3DriverOptions } from '#storage-s3';
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
import { defaultStorage } from './default-storage.js';
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

/** How storages are reached. */
type StorageAccess = Required<Pick<S3DriverOptions, 'limits' | 'endpointGuard'>>;

/** To one binding's storage. */
const MAX_CONNECTIONS = 64;
/** Of 5 MiB each: what large uploads to one kind of storage may take together, beyond the one buffer that each has. */
const EXTRA_PART_BUFFERS = 8;

/** The composition root: the one place where implementations are chosen. */
@Module({})
export class AppModule {
  static forRoot({ config, database, rootToken, sealer, publicUrl }: AppOptions): DynamicModule {
    const { connectSeconds, firstByteSeconds, idleSeconds, allowedEndpoints } = config.storageAccess;
    const access: StorageAccess = {
      limits: {
        connectMs: connectSeconds * 1000,
        idleMs: idleSeconds * 1000,
        maxConnections: MAX_CONNECTIONS,
      },
      endpointGuard: new EndpointGuard(allowedEndpoints),
    };
    return {
      module: AppModule,
      imports: [
        DatabaseModule.forRoot(database),
        TenantModule.forRoot({ resolver: tenantResolver(config.http.organizationHeader) }),
        AuthModule.forRoot({ rootToken, policy: RolePolicy }),
        PresignModule.forRoot({
          sealer,
          publicUrl,
          stableUrlSeconds: config.http.stableUrlSeconds,
        }),
        StorageBindingModule.forRoot({
          drivers: storageDrivers(config, access),
          byDefault: defaultStorage(config),
          sealer,
          agents: guardedAgents(access.endpointGuard, access.limits),
          timeouts: { firstByteMs: firstByteSeconds * 1000, idleMs: idleSeconds * 1000 },
        }),
        SourceModule.forRoot({
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

function storageDrivers(config: GatewayConfig, access: StorageAccess): StorageDriver[] {
  return [
    new FilesystemDriver({ root: join(config.data.dir, 'objects') }),
    new S3Driver({
      signer: (credentials, target) => new SigV4Presigner(credentials, target),
      ...access,
      extraPartBuffers: EXTRA_PART_BUFFERS,
    }),
    new AzureDriver({ ...access, extraPartBuffers: EXTRA_PART_BUFFERS }),
  ];
}

function tenantResolver(organizationHeader: string): ChainTenantResolver {
  return new ChainTenantResolver([
    new TokenTenantResolver(),
    new HeaderTenantResolver({ tenant: 'x-tenant-id', subTenant: 'x-sub-tenant-id', family: 'native' }),
    new HeaderTenantResolver({ tenant: organizationHeader, family: 'knowledge-base' }),
    new RequestFieldTenantResolver(),
  ]);
}
