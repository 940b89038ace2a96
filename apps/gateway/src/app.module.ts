import { AuditLog, AuditModule, AuditVerificationModule } from '#audit';
import { type AccessPolicy, AuthModule, RolePolicy, type AuthModuleOptions } from '#auth';
import type { GatewayConfig } from '#config';
import { DatabaseModule, type Database } from '#database';
import { createValidationPipe, HttpErrorFilter } from '#http';
import { IdempotencyModule } from '#idempotency';
import { JobsModule } from '#jobs';
import type { Sealer, Secret } from '#kernel';
import { LimitsModule } from '#limits';
import { PresignModule, SigV4Presigner, type PublicUrl } from '#presign';
import { BackgroundModule, ContentCache, SourceModule } from '#source';
import { EndpointGuard, guardedAgents, type StorageDriver } from '#storage';
import { BoundStorages, BoundStoragesModule, DATA_FOLDER, StorageBindingModule } from '#binding';
import { AzureDriver } from '#storage-azure';
import { FilesystemDriver } from '#storage-fs';
import { S3Driver, type S3DriverOptions } from '#storage-s3';
import {
  ChainTenantResolver,
  HeaderTenantResolver,
  HostTenantResolver,
  RequestFieldTenantResolver,
  TenantModule,
  type TenantResolver,
  TokenTenantResolver,
} from '#tenant';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { join } from 'node:path';

import { FetchController } from './compat/fetch.controller.js';
import { KnowledgeBaseController } from './compat/knowledge-base.controller.js';
import { authenticatorOf } from './authenticator.js';
import { defaultStorage } from './default-storage.js';
import type { DeploymentParts } from './deployment.js';
import { reconcileSettings } from './background.js';
import { HealthController } from './health/health.controller.js';
import { Readiness } from './health/readiness.js';
import { GatewayMetrics } from './metrics/gateway-metrics.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { StorageWatch } from './storage-watch.js';

/** What exists before the modules do. */
export interface AppOptions {
  readonly config: GatewayConfig;
  readonly database: Database;
  readonly rootToken: Secret;
  readonly sealer: Sealer;
  readonly publicUrl: PublicUrl;
  /** What the deployment has chosen for itself; nothing when absent. */
  readonly parts?: DeploymentParts | undefined;
}

/** How storages are reached. */
type StorageAccess = Required<Pick<S3DriverOptions, 'limits' | 'endpointGuard' | 'watch'>>;

/** To one binding's storage. */
const MAX_CONNECTIONS = 64;
/** Of 5 MiB each: what large uploads to one kind of storage may take together, beyond the one buffer that each has. */
const EXTRA_PART_BUFFERS = 12;

/** The composition root: the one place where implementations are chosen. */
@Module({})
export class AppModule {
  static forRoot({ config, database, rootToken, sealer, publicUrl, parts = {} }: AppOptions): DynamicModule {
    const access = storageAccess(config);
    return {
      module: AppModule,
      imports: [
        DatabaseModule.forRoot(database),
        JobsModule.forRoot({ enabled: config.background.workers }),
        AuditModule.forRoot(config.audit),
        LimitsModule,
        TenantModule.forRoot({ resolver: tenantResolver(config, parts) }),
        AuthModule.forRoot({ rootToken, ...authentication(config, parts) }),
        IdempotencyModule.forRoot({ sealer }),
        PresignModule.forRoot({ sealer, publicUrl, stableUrlSeconds: config.http.stableUrlSeconds }),
        StorageBindingModule.forRoot({
          ...storages(config, access, sealer, parts),
          agents: guardedAgents(access.endpointGuard, access.limits),
        }),
        SourceModule.forRoot({
          maxUploadBytes: config.limits.maxUploadBytes,
          uploadPartBytes: config.limits.uploadPartBytes,
          inlineMaxBytes: config.limits.inlineMaxBytes,
          inlineInFlightBytes: config.limits.inlineInFlightBytes,
          contentCacheBytes: config.cache.contentBytes ?? 0,
          sealer,
          reconcile: reconcileSettings(config),
          resumableUploadSeconds: config.limits.resumableUploadSeconds,
        }),
      ],
      controllers: [KnowledgeBaseController, FetchController, HealthController, MetricsController],
      providers: [
        Readiness,
        {
          provide: GatewayMetrics,
          inject: [BoundStorages, AuditLog, ContentCache],
          useFactory: (storages: BoundStorages, log: AuditLog, cache: ContentCache) =>
            new GatewayMetrics(storages, database, log, cache),
        },
        { provide: APP_PIPE, useFactory: () => createValidationPipe() },
        { provide: APP_FILTER, useClass: HttpErrorFilter },
      ],
    };
  }
}

/** For commands that work on rows and objects, and serve nobody. */
@Module({})
export class MaintenanceModule {
  static forRoot({
    config,
    database,
    sealer,
  }: Pick<AppOptions, 'config' | 'database' | 'sealer'>): DynamicModule {
    return {
      module: MaintenanceModule,
      imports: [
        DatabaseModule.forRoot(database),
        AuditVerificationModule,
        BoundStoragesModule.forRoot(storages(config, storageAccess(config), sealer, {})),
        BackgroundModule.forRoot({ sealer }),
      ],
    };
  }
}

function storageAccess({ storageAccess: settings }: GatewayConfig): StorageAccess {
  const { connectSeconds, idleSeconds, allowedEndpoints } = settings;
  return {
    limits: {
      connectMs: connectSeconds * 1000,
      idleMs: idleSeconds * 1000,
      maxConnections: MAX_CONNECTIONS,
    },
    endpointGuard: new EndpointGuard(allowedEndpoints),
    watch: new StorageWatch(),
  };
}

function storages(config: GatewayConfig, access: StorageAccess, sealer: Sealer, parts: DeploymentParts) {
  const { firstByteSeconds, idleSeconds } = config.storageAccess;
  return {
    drivers: storageDrivers(config, access, parts),
    byDefault: defaultStorage(config, parts.ownStorage ?? DATA_FOLDER, parts.delivery),
    sealer,
    timeouts: { firstByteMs: firstByteSeconds * 1000, idleMs: idleSeconds * 1000 },
  };
}

function storageDrivers(
  config: GatewayConfig,
  access: StorageAccess,
  { storageDrivers: chosen = [] }: DeploymentParts,
): StorageDriver[] {
  const builtIn = [
    new FilesystemDriver({ root: join(config.data.dir, 'objects') }),
    new S3Driver({
      // The form that operators can make themselves, to compare: `aws s3 presign` and all that is made on botocore.
      signer: (credentials, target) => new SigV4Presigner(credentials, target, 'cli'),
      ...access,
      extraPartBuffers: EXTRA_PART_BUFFERS,
    }),
    new AzureDriver({ ...access, extraPartBuffers: EXTRA_PART_BUFFERS }),
  ];
  return [...chosen, ...builtIn.filter(({ name }) => chosen.every((driver) => driver.name !== name))];
}

function authentication(config: GatewayConfig, parts: DeploymentParts): Omit<AuthModuleOptions, 'rootToken'> {
  const { failedBurst: burst, failedPerSecond: perSecond } = config.authentication;
  return {
    policy: accessPolicy(parts),
    authenticator: authenticatorOf(config, parts),
    failedAuthentications: burst === 0 ? null : { burst, perSecond },
  };
}

function accessPolicy({ accessPolicy: chosen }: DeploymentParts): AccessPolicy {
  const roles = new RolePolicy();
  return chosen?.(roles) ?? roles;
}

/** How requests of this deployment say which tenant they are about. */
export function tenantResolver({ http }: GatewayConfig, parts: DeploymentParts): TenantResolver {
  const builtIn = new ChainTenantResolver([
    new TokenTenantResolver(),
    new HeaderTenantResolver({ tenant: 'x-tenant-id', subTenant: 'x-sub-tenant-id', family: 'native' }),
    new HeaderTenantResolver({ tenant: http.organizationHeader, family: 'knowledge-base' }),
    ...(http.tenantHosts === null ? [] : [new HostTenantResolver(http.tenantHosts)]),
    new RequestFieldTenantResolver(),
  ]);
  return parts.tenantResolver?.(builtIn) ?? builtIn;
}
