import type { Sealer } from '#kernel';
import { type DynamicModule, Module } from '@nestjs/common';

import { BackgroundModule } from './background.module.js';
import { CommitStore } from './commit.store.js';
import { ContentController } from './content.controller.js';
import { ContentReply } from './content-reply.js';
import { ContentService } from './content.service.js';
import { InlineContentService, InlineLimits } from './inline-content.service.js';
import { LinkBatchController } from './link-batch.controller.js';
import { LinkBatchService } from './link-batch.service.js';
import { LinkBatchStore } from './link-batch.store.js';
import { LinkContentController } from './link-content.controller.js';
import { LinkRedirectService } from './link-redirect.service.js';
import { OutboxWorker } from './outbox.worker.js';
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
import { UploadFormReader } from './upload-form.js';
import { UploadLimits, UploadService } from './upload.service.js';
import { UploadStore } from './upload.store.js';

import { UsageController } from './usage.controller.js';
import { UsageStore } from './usage.store.js';

/** What the composition root chooses. Sizes are bytes. */
export interface SourceModuleOptions {
  readonly maxUploadBytes: number;
  readonly inlineMaxBytes: number;
  readonly inlineInFlightBytes: number;
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
  UsageController,
  TusController,
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
        SourceStore,
        UploadStore,
        CommitStore,
        UsageStore,
        RedemptionStore,
        OutboxWorker,
        UnfinishedSweep,
        { provide: ReconcileSettings, useValue: options.reconcile },
        ClaimStore,
        ReconcileJob,
        SourceService,
        UploadService,
        UploadFormReader,
        SourceWriter,
        ContentService,
        ContentReply,
        InlineContentService,
        RedemptionService,
        LinkRedirectService,
        LinkBatchStore,
        LinkBatchService,
        ...tusProviders(options.resumableUploadSeconds),
      ],
      exports: [SourceService, ContentService, InlineContentService],
    };
  }
}
