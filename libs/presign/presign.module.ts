import { Sealer } from '#kernel';
import { type DynamicModule, Module } from '@nestjs/common';

import { DeliveryService } from './delivery.service.js';
import { DownloadUrlService } from './download-url.service.js';
import { LinkController } from './link.controller.js';
import { LinkService } from './link.service.js';
import { LinkStore } from './link.store.js';
import { ManagedLinkService } from './managed-link.service.js';
import { MasterKeyGuard } from './master-key.guard.js';
import { PublicUrl } from './public-url.js';
import { SigningKeyController } from './signing-key.controller.js';
import { SigningKeyRotation } from './signing-key-rotation.service.js';
import { SigningKeyService } from './signing-key.service.js';
import { SigningKeyStore } from './signing-key.store.js';
import { StableUrls } from './stable-urls.js';
import { UploadUrlService } from './upload-url.service.js';

/** What the composition root chooses. */
export interface PresignModuleOptions {
  readonly sealer: Sealer;
  readonly publicUrl: PublicUrl;
  /** See {@link StableUrls}; 0 switches it off. */
  readonly stableUrlSeconds: number;
}

/** URLs that open files: links with the keys that sign them, and those of the storage's provider. */
@Module({})
export class PresignModule {
  static forRoot(options: PresignModuleOptions): DynamicModule {
    return {
      module: PresignModule,
      global: true,
      controllers: [LinkController, SigningKeyController],
      providers: [
        { provide: Sealer, useValue: options.sealer },
        { provide: PublicUrl, useValue: options.publicUrl },
        { provide: StableUrls, useValue: new StableUrls(options.stableUrlSeconds) },
        MasterKeyGuard,
        SigningKeyStore,
        SigningKeyService,
        SigningKeyRotation,
        LinkStore,
        LinkService,
        ManagedLinkService,
        DeliveryService,
        DownloadUrlService,
        UploadUrlService,
      ],
      exports: [
        LinkService,
        ManagedLinkService,
        DeliveryService,
        DownloadUrlService,
        UploadUrlService,
        PublicUrl,
      ],
    };
  }
}
