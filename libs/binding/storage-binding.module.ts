import { type DynamicModule, Module } from '@nestjs/common';

import { BindingSecrets } from './binding-secrets.js';
import { BoundStorages } from './bound-storages.js';
import { BoundStoragesModule, type BoundStoragesOptions } from './bound-storages.module.js';
import { DefaultStorageCheck, type OperatorDefault } from './default-storage.check.js';
import type { FetchAgents } from './fetch-once.js';
import { StorageBindingController } from './storage-binding.controller.js';
import { StorageBindingService } from './storage-binding.service.js';
import { StorageProbe } from './storage-probe.js';

/** What the composition root chooses. */
export interface StorageBindingModuleOptions extends BoundStoragesOptions {
  readonly byDefault: OperatorDefault;
  /** Connections to what a tenant names; they refuse addresses that a tenant must not reach. */
  readonly agents: FetchAgents;
}

/** Where objects are: the operator's storage, and tenants' own. */
@Module({})
export class StorageBindingModule {
  static forRoot(options: StorageBindingModuleOptions): DynamicModule {
    const { sealer, byDefault, agents } = options;
    return {
      module: StorageBindingModule,
      imports: [BoundStoragesModule.forRoot(options)],
      controllers: [StorageBindingController],
      providers: [
        { provide: BindingSecrets, useValue: new BindingSecrets(sealer, byDefault) },
        {
          provide: StorageProbe,
          inject: [BoundStorages],
          useFactory: (storages: BoundStorages) => new StorageProbe(storages, agents),
        },
        {
          provide: DefaultStorageCheck,
          inject: [BoundStorages],
          useFactory: (storages: BoundStorages) => new DefaultStorageCheck(storages, byDefault),
        },
        StorageBindingService,
      ],
    };
  }
}
