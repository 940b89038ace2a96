import type { Sealer } from '#kernel';
import { type DynamicModule, Module } from '@nestjs/common';

import { AccessCheckController } from './access-check.controller.js';
import { BackgroundModule } from './background.module.js';
import { ByteReceiver, UploadLimits } from './byte-receiver.js';
import { CommitStore } from './commit.store.js';
import { ContentController } from './content.controller.js';
import { ContentReply } from './content-reply.js';
import { ContentService } from './content.service.js';
import { DueUploadStore } from './due-upload.store.js';
import { InlineContentService, InlineLimits } from './inline-content.service.js';
import { LinkBatchController } from './link-batch.controller.js';
import { LinkBatchService } from './link-batch.service.js';
import { LinkBatchStore } from './link-batch.store.js';
import { LinkContentController } from './link-content.controller.js';
import { LinkMarkStore } from './link-mark.store.js';
import { LinkRedirectService } from './link-redirect.service.js';
import { LinkRevocationController } from './link-revocation.controller.js';
import { LinkRevocationService } from './link-revocation.service.js';
import { LinkTally } from './link-tally.js';
import { LinkUseStore } from './link-use.store.js';
import { LinkUses } from './link-uses.service.js';
import { NewUploadStore } from './new-upload.store.js';
import { OutboxWorker } from './outbox.worker.js';
import { PendingUploadService } from './pending-upload.service.js';
import { PendingUploadStore } from './pending-upload.store.js';
import { ClaimStore } from './reconcile/claim.store.js';
import { ReconcileJob, ReconcileSettings } from './reconcile/reconcile.job.js';
import { RedemptionService } from './redemption.service.js';
import { RedemptionStore } from './redemption.store.js';
import { SourceController } from './source.controller.js';
import { SourceLinkController } from './source-link.controller.js';
import { SourceService } from './source.service.js';
import { SourceStore } from './source.store.js';
import { SourceWriter } from './source-writer.service.js';
import { UnfinishedSweep } from './unfinished.sweep.js';
import { TusController } from './tus/tus.controller.js';
import { tusProviders } from './tus/tus.providers.js';
import { UploadArrivals } from './upload-arrivals.js';
import { UploadCommitter } from './upload-committer.js';
import { UploadCompletion } from './upload-completion.service.js';
import { UploadContentController } from './upload-content.controller.js';
import { UploadController } from './upload.controller.js';
import { UploadFormReader } from './upload-form.js';
import { UploadIssuer, UploadUrlOptions } from './upload-issuer.js';
import { UploadReceiver } from './upload-receiver.service.js';
import { UploadSweep } from './upload-sweep.js';
import { UploadService } from './upload.service.js';
import { UploadStore } from './upload.store.js';
import { UsageController } from './usage.controller.js';
import { UsageStore } from './usage.store.js';

/** What the composition root chooses. Sizes are bytes. */
export interface SourceModuleOptions {
  readonly maxUploadBytes: number;
  /** Uploads by URL that are larger come in parts of so many. */
  readonly uploadPartBytes: number;
  readonly inlineMaxBytes: number;
  readonly inlineInFlightBytes: number;
  /** What the bytes of small objects may take in memory; 0: none are kept. */
  readonly contentCacheBytes: number;
  readonly sealer: Sealer;
  readonly reconcile: ReconcileSettings;
  /** How long a resumable upload that nobody sends to is kept. */
  readonly resumableUploadSeconds: number;
}

const CONTROLLERS = [
  SourceController,
  ContentController,
  SourceLinkController,
  LinkBatchController,
  LinkContentController,
  LinkRevocationController,
  UploadController,
  UploadContentController,
  UsageController,
  AccessCheckController,
  TusController,
];

/** What links are made of, and what becomes of them. */
const LINKS = [
  LinkBatchStore,
  LinkBatchService,
  RedemptionStore,
  RedemptionService,
  LinkRedirectService,
  LinkUseStore,
  LinkTally,
  LinkUses,
  LinkMarkStore,
  LinkRevocationService,
];

/** What uploads by URL are made of. */
const UPLOADS_BY_URL = [
  NewUploadStore,
  PendingUploadStore,
  DueUploadStore,
  UploadArrivals,
  UploadCommitter,
  UploadCompletion,
  UploadIssuer,
  PendingUploadService,
  UploadReceiver,
  UploadSweep,
];

/** Stored files: metadata, content, the write path, and what links open. */
@Module({})
export class SourceModule {
  static forRoot(options: SourceModuleOptions): DynamicModule {
    return {
      module: SourceModule,
      global: true,
      imports: [BackgroundModule.forRoot(options)],
      controllers: CONTROLLERS,
      providers: [
        { provide: UploadLimits, useValue: new UploadLimits(options.maxUploadBytes) },
        {
          provide: InlineLimits,
          useValue: new InlineLimits(options.inlineMaxBytes, options.inlineInFlightBytes),
        },
        { provide: UploadUrlOptions, useValue: new UploadUrlOptions(options.uploadPartBytes) },
        ...UPLOADS_BY_URL,
        SourceStore,
        UploadStore,
        CommitStore,
        UsageStore,
        OutboxWorker,
        UnfinishedSweep,
        { provide: ReconcileSettings, useValue: options.reconcile },
        ClaimStore,
        ReconcileJob,
        SourceService,
        ByteReceiver,
        UploadService,
        UploadFormReader,
        SourceWriter,
        ContentService,
        ContentReply,
        InlineContentService,
        ...LINKS,
        ...tusProviders(options.resumableUploadSeconds),
      ],
      exports: [BackgroundModule, SourceService, ContentService, InlineContentService],
    };
  }
}
