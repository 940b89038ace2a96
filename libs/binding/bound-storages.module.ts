import { type Sealer } from '#kernel';
import { type StorageDriver, StorageRegistry, type StorageTimeouts } from '#storage';
import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Injectable,
  Module,
} from '@nestjs/common';

import { BoundStorages, type DefaultBinding } from './bound-storages.js';
import { StorageBindingStore } from './storage-binding.store.js';

/** What the composition root chooses. */
export interface BoundStoragesOptions {
  readonly drivers: readonly StorageDriver[];
  /** Where objects go while their tenant has no binding of its own. */
  readonly byDefault: DefaultBinding;
  readonly sealer: Sealer;
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

/** Opens the storages that objects are in, for whoever works with objects, with or without requests. */
@Module({})
export class BoundStoragesModule {
  static forRoot({ drivers, byDefault, sealer, timeouts }: BoundStoragesOptions): DynamicModule {
    return {
      module: BoundStoragesModule,
      global: true,
      providers: [
        StorageBindingStore,
        {
          provide: BoundStorages,
          inject: [StorageBindingStore],
          useFactory: (store: StorageBindingStore) =>
            new BoundStorages(new StorageRegistry(drivers), store, sealer, byDefault, timeouts),
        },
        StorageRelease,
      ],
      exports: [BoundStorages, StorageBindingStore],
    };
  }
}
