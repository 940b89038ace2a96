import { BoundStorages, StorageBindingStore, type Delivery } from '#binding';
import { andThen, type MaybePromise } from '#kernel';
import { Injectable } from '@nestjs/common';
import type { ObjectPresigner } from '#storage';

/** Where a file's bytes are. */
export interface StoredAt {
  readonly tenantId: string;
  /** Null for the gateway's own data folder. */
  readonly bindingId: string | null;
}

/** How a tenant's downloads are handed out, and what can hand them out. */
@Injectable()
export class DeliveryService {
  constructor(
    private readonly bindings: StorageBindingStore,
    private readonly storages: BoundStorages,
  ) {}

  /**
   * The tenant's delivery as it is now: that of its binding, or the operator's while it has none. It holds for all of
   * its files, for those too that lie where an earlier binding put them. A change is in force at once on the gateway that
   * made it, and within a second on all others.
   */
  deliveryOf(tenantId: string): MaybePromise<Delivery> {
    return andThen(this.bindings.findCurrent(tenantId), (own) =>
      own === null ? this.defaultDelivery() : own.delivery,
    );
  }

  private defaultDelivery(): MaybePromise<Delivery> {
    return andThen(this.storages.getDefaultId(), (defaultId) => {
      if (defaultId === null) return 'proxy';
      return andThen(this.bindings.findPlatform(defaultId), (platform) => platform?.delivery ?? 'proxy');
    });
  }

  /**
   * What signs URLs for the place that a file is in; null where the storage serves none, which makes every delivery
   * `proxy`. Throws `storage_unavailable` when the storage cannot be opened.
   */
  async findPresigner({ tenantId, bindingId }: StoredAt): Promise<ObjectPresigner | null> {
    return (await this.storages.open(tenantId, bindingId)).presigner;
  }
}
