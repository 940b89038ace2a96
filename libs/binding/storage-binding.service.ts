import type { Principal } from '#kernel';
import { TenantErrors, TenantService } from '#tenant';
import { Injectable } from '@nestjs/common';

import { BindingSecrets } from './binding-secrets.js';
import type { BindingWish } from './binding-wish.js';
import { BoundStorages } from './bound-storages.js';
import { StorageBindingErrors } from './storage-binding.errors.js';
import { StorageBindingStore } from './storage-binding.store.js';
import type { KeptBinding } from './storage-binding.js';
import { StorageProbe } from './storage-probe.js';

/** Use cases around tenants' own storage. A caller narrowed to some sub-tenants does not speak for the tenant. */
@Injectable()
export class StorageBindingService {
  constructor(
    private readonly tenants: TenantService,
    private readonly store: StorageBindingStore,
    private readonly storages: BoundStorages,
    private readonly probe: StorageProbe,
    private readonly secrets: BindingSecrets,
  ) {}

  /** The binding that new objects go to. Throws `storage_binding_not_found` while the tenant has none of its own. */
  async get(caller: Principal, tenantId: string): Promise<KeptBinding> {
    assertSpeaks(caller);
    await this.tenants.get(tenantId);
    const found = await this.store.findCurrent(tenantId);
    if (found === null) throw StorageBindingErrors.notFound();
    return found;
  }

  /**
   * Makes a place the tenant's own, once it has been tried out; until then, and when that fails (`storage_probe_failed`),
   * the binding before stays in force. The operator's data folder and credentials are given by the platform alone
   * (`operator_storage_forbidden`).
   */
  async put(caller: Principal, tenantId: string, wish: BindingWish): Promise<KeptBinding> {
    assertSpeaks(caller);
    const { tenantKey } = await this.tenants.get(tenantId);
    const { place, create, delivery } = wish;
    const credentials = this.secrets.choose(caller, wish);
    const { steps, failure } = await this.probe.run({
      place: { ...place, create },
      credentials: credentials?.reveal() ?? null,
      keyPrefix: tenantKey,
    });
    if (failure !== null) throw StorageBindingErrors.probeFailed(steps, failure);
    const kept = await this.store.put(tenantId, {
      place,
      delivery,
      seal: (bindingId) => this.secrets.seal(credentials, tenantId, bindingId),
    });
    this.storages.forget(tenantId, kept.bindingId);
    return kept;
  }

  /** Ends it: new objects go to the operator's storage, old ones stay readable where they are. */
  async remove(caller: Principal, tenantId: string): Promise<void> {
    assertSpeaks(caller);
    await this.tenants.get(tenantId);
    if (!(await this.store.remove(tenantId))) throw StorageBindingErrors.notFound();
  }
}

function assertSpeaks({ tenant }: Principal): void {
  if (tenant !== null && tenant.subTenantIds !== null) throw TenantErrors.subForbidden();
}
