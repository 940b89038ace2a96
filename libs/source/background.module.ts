import { Sealer } from '#kernel';
import { type DynamicModule, Module } from '@nestjs/common';

import { ContentCache } from './content-cache.js';
import { ObjectPurge } from './object-purge.js';
import { OutboxStore } from './outbox.store.js';
import { CondemnedStore } from './reconcile/condemned.store.js';
import { ObjectVerifier } from './reconcile/object-verifier.js';
import { ReconcileStore } from './reconcile/reconcile.store.js';
import { Reconciler } from './reconcile/reconciler.js';
import { Removal } from './reconcile/removal.js';
import { TenantSurveyor } from './reconcile/tenant-surveyor.js';
import { Verification } from './reconcile/verification.js';
import { VerificationStore } from './reconcile/verification.store.js';
import { UploadExpiry } from './upload-expiry.js';
import { UploadExpiryStore } from './upload-expiry.store.js';

/** What the composition root chooses. */
export interface BackgroundModuleOptions {
  readonly sealer: Sealer;
  /** What the bytes of small objects may take in memory; 0, or absent: none are kept. */
  readonly contentCacheBytes?: number;
}

/**
 * What is done with rows and objects when nobody asks for them: needs a database and storages, and neither requests nor a
 * schedule, so that a command can do it as well as a gateway.
 */
@Module({})
export class BackgroundModule {
  static forRoot({ sealer, contentCacheBytes = 0 }: BackgroundModuleOptions): DynamicModule {
    return {
      module: BackgroundModule,
      providers: [
        { provide: Sealer, useValue: sealer },
        { provide: ContentCache, useValue: new ContentCache(contentCacheBytes) },
        OutboxStore,
        UploadExpiryStore,
        UploadExpiry,
        ObjectPurge,
        ReconcileStore,
        CondemnedStore,
        TenantSurveyor,
        Removal,
        Reconciler,
        VerificationStore,
        ObjectVerifier,
        Verification,
      ],
      exports: [ContentCache, OutboxStore, UploadExpiry, ObjectPurge, Reconciler, Verification],
    };
  }
}
