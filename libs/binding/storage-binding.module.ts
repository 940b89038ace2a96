import { Sealer } from '#kernel';
import { type StorageDriver, StorageRegistry, type StorageTimeouts } from '#storage';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Injectable,
  Module,
} from '@nestjs/common';

import { BindingSecrets } from './binding-secrets.js';
import { BoundStorages } from './bound-storages.js';
import { DefaultStorageCheck, type OperatorDefault } from './default-storage.check.js';
import type { FetchAgents } from './fetch-once.js';
import { StorageBindingController } from './storage-binding.controller.js';
import { StorageBindingService } from './storage-binding.service.js';
import { StorageBindingStore } from './storage-binding.store.js';
import { StorageProbe } from './storage-probe.js';

/** What the composition root chooses. */
export interface StorageBindingModuleOptions {
  readonly drivers: readonly StorageDriver[];
  /** Where objects go while their tenant has no binding of its own. */
  readonly byDefault: OperatorDefault;
  readonly sealer: Sealer;
  /** Connections to what a tenant names; they refuse addresses that a tenant must not reach. */
  readonly agents: FetchAgents;
  readonly timeouts: StorageTimeouts;
}

/** Lets go of connections once requests have ended. */
@Injectable()
class StorageRelease implements BeforeApplicationShutdown {
  constructor(@Inject(BoundStorages) private readonly storages: BoundStorages) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.storages.release();
  }
}

/** Where objects are: the operator's storage, and tenants' own. */
@Module({})
export class StorageBindingModule {
  static forRoot({
    drivers,
    byDefault,
    sealer,
    agents,
    timeouts,
  }: StorageBindingModuleOptions): DynamicModule {
    return {
      module: StorageBindingModule,
      global: true,
      controllers: [StorageBindingController],
      providers: [
        StorageBindingStore,
        {
          provide: BoundStorages,
          inject: [StorageBindingStore],
          useFactory: (store: StorageBindingStore) =>
            new BoundStorages(new StorageRegistry(drivers), store, sealer, byDefault, timeouts),
        },
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
        StorageRelease,
      ],
      exports: [BoundStorages, StorageBindingStore],
    };
  }
}
