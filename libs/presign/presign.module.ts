import { Sealer } from '#kernel';
import { type DynamicModule, Module } from '@nestjs/common';

import { LinkController } from './link.controller.js';
import { LinkService } from './link.service.js';
import { LinkStore } from './link.store.js';
import { ManagedLinkService } from './managed-link.service.js';
import { MasterKeyGuard } from './master-key.guard.js';
import { PublicUrl } from './public-url.js';
import { SigningKeyService } from './signing-key.service.js';
import { SigningKeyStore } from './signing-key.store.js';

/** Signed, revocable URLs and the keys that sign them. */
@Module({})
export class PresignModule {
  static forRoot(options: { sealer: Sealer; publicUrl: PublicUrl }): DynamicModule {
    return {
      module: PresignModule,
      global: true,
      controllers: [LinkController],
      providers: [
        { provide: Sealer, useValue: options.sealer },
        { provide: PublicUrl, useValue: options.publicUrl },
        MasterKeyGuard,
        SigningKeyStore,
        SigningKeyService,
        LinkStore,
        LinkService,
        ManagedLinkService,
      ],
      exports: [LinkService, ManagedLinkService, PublicUrl],
    };
  }
}
