import { BoundStorages, StorageBindingStore, type Delivery } from '#binding';
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
  async deliveryOf(tenantId: string): Promise<Delivery> {
    const own = await this.bindings.findCurrent(tenantId);
    if (own !== null) return own.delivery;
    const defaultId = await this.storages.getDefaultId();
    const platform = defaultId === null ? null : await this.bindings.findPlatform(defaultId);
    return platform?.delivery ?? 'proxy';
  }

  /**
   * What signs URLs for the place that a file is in; null where the storage serves none, which makes every delivery
   * `proxy`. Throws `storage_unavailable` when the storage cannot be opened.
   */
  async findPresigner({ tenantId, bindingId }: StoredAt): Promise<ObjectPresigner | null> {
    return (await this.storages.open(tenantId, bindingId)).presigner;
  }
}
