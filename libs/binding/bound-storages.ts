import { CodedError, type MaybePromise, Secret, type Sealer } from '#kernel';
import {
  GuardedStorage,
  type ObjectStorage,
  type StorageBinding,
  StorageErrors,
  type StorageGuardOptions,
  StorageMetrics,
  type StorageRegistry,
  type StorageTimeouts,
} from '#storage';

import { ShortMemory } from './short-memory.js';
import type { BindingCredentials, BindingPlace, Delivery, KeptBinding } from './storage-binding.js';
import type { StorageBindingStore } from './storage-binding.store.js';

/** What the operator has configured for everybody. */
export interface DefaultBinding {
  /** What objects without a binding are in: the gateway's own storage. */
  readonly own: StorageBinding;
  /** `filesystem`: that one. */
  readonly place: BindingPlace;
  readonly credentials: Secret<BindingCredentials> | null;
  readonly delivery: Delivery;
}

/** How long what is known counts, so that renewed credentials are in use soon everywhere. Milliseconds. */
const KNOWN_MS = 1_000;
const MAX_KNOWN = 10_000;
/** The data folder of the gateway: one place, so one id. */
export const DATA_FOLDER: StorageBinding = { id: 'data-folder', driver: 'filesystem', settings: {} };

/**
 * Opens the storage that a binding stands for. Storages are shared, and stay open while they are in use. Whatever is
 * handed out is guarded: a tenant's reads and writes nothing but that tenant's own keys.
 */
export class BoundStorages {
  /** What has become of all calls. */
  readonly metrics = new StorageMetrics();
  private readonly bindings = new ShortMemory<StorageBinding>(KNOWN_MS, MAX_KNOWN);
  private readonly tenantKeys = new ShortMemory<string>(KNOWN_MS, MAX_KNOWN);
  /** Undefined: not looked up yet. */
  private defaultId: MaybePromise<string | null> | undefined;

  constructor(
    private readonly registry: StorageRegistry,
    private readonly store: StorageBindingStore,
    private readonly sealer: Sealer,
    private readonly byDefault: DefaultBinding,
    private readonly timeouts: StorageTimeouts,
  ) {}

  /** How many storages of each kind are not asked at the moment, because they kept failing. */
  leftAlone(): ReadonlyMap<string, number> {
    return this.registry.leftAlone();
  }

  /** The binding that objects go to while their tenant has none of its own; null for the data folder. */
  getDefaultId(): MaybePromise<string | null> {
    if (this.defaultId !== undefined) return this.defaultId;
    const looking = this.ensureDefault();
    this.defaultId = looking;
    looking.then(
      (id) => (this.defaultId = id),
      // A failure is not kept: the next caller tries again.
      () => (this.defaultId = undefined),
    );
    return looking;
  }

  /**
   * The storage of a binding, one that was replaced long ago too. Throws `storage_unavailable` when it cannot be opened
   * or is not known.
   */
  open(tenantId: string, bindingId: string | null): MaybePromise<ObjectStorage> {
    const keyPrefix = this.getTenantKey(tenantId);
    const binding = bindingId === null ? this.byDefault.own : this.find(tenantId, bindingId);
    if (keyPrefix instanceof Promise || binding instanceof Promise)
      return Promise.all([keyPrefix, binding]).then(([key, found]) => this.guarded(found, key, tenantId));
    return this.guarded(binding, keyPrefix, tenantId);
  }

  /** The operator's storage. */
  async openDefault(): Promise<ObjectStorage> {
    const bindingId = await this.getDefaultId();
    const binding = bindingId === null ? this.byDefault.own : await this.find('', bindingId);
    return await this.guarded(binding, null, '');
  }

  /**
   * Opens a place that is not a binding yet; the caller releases it. Fails with what the driver says, a refused endpoint
   * included. `operatorOwned`: the operator has named it, so it may be anywhere.
   */
  async tryOut(
    place: BindingPlace,
    credentials: BindingCredentials | null,
    id: string,
    operatorOwned = false,
  ): Promise<ObjectStorage> {
    const binding = { ...asBinding(id, place, credentials), operatorOwned };
    const options = this.guardOptions(binding, null, '', undefined);
    return new GuardedStorage(await this.registry.openOnce(binding), options);
  }

  /** Forgets what is known of a tenant's binding, for the process that has just changed it. */
  forget(tenantId: string, bindingId: string): void {
    this.bindings.forget(keyOf(tenantId, bindingId));
  }

  /** Lets go of what is pooled, for shutdown. */
  release(): Promise<void> {
    return this.registry.release();
  }

  private async ensureDefault(): Promise<string | null> {
    const { place, credentials, delivery } = this.byDefault;
    if (place.adapter === 'filesystem') return null;
    const seal = (id: string) => sealCredentials(this.sealer, credentials?.reveal() ?? null, '', id);
    return await this.store.ensurePlatform({ place, delivery, seal });
  }

  /** `keyPrefix`: what the tenant's keys begin with; null for the operator's own errands. */
  private guarded(
    binding: StorageBinding,
    keyPrefix: string | null,
    tenantId: string,
  ): MaybePromise<ObjectStorage> {
    const options = this.guardOptions(binding, keyPrefix, tenantId, this.registry.breakerOf(binding));
    const opened = this.registry.find(binding);
    if (opened !== null) return new GuardedStorage(opened, options);
    return GuardedStorage.open(() => this.registry.get(binding), options);
  }

  private guardOptions(
    { driver }: StorageBinding,
    keyPrefix: string | null,
    tenantId: string,
    breaker: StorageGuardOptions['breaker'],
  ): StorageGuardOptions {
    return {
      adapter: driver,
      keyPrefix,
      renewKeyPrefix: keyPrefix === null ? undefined : () => this.renewTenantKey(tenantId),
      timeouts: this.timeouts,
      metrics: this.metrics,
      breaker,
    };
  }

  private find(tenantId: string, bindingId: string): MaybePromise<StorageBinding> {
    return this.bindings.get(keyOf(tenantId, bindingId), () => this.read(tenantId, bindingId));
  }

  private getTenantKey(tenantId: string): MaybePromise<string> {
    return this.tenantKeys.get(tenantId, async () => {
      const tenantKey = await this.store.findTenantKey(tenantId);
      if (tenantKey === null)
        throw new CodedError(StorageErrors.unavailable, 'The tenant of this content is not known.');
      return tenantKey;
    });
  }

  /** A tenant that was made anew under the id of one that is gone has another key. */
  private async renewTenantKey(tenantId: string): Promise<string> {
    this.tenantKeys.forget(tenantId);
    return await this.getTenantKey(tenantId);
  }

  private async read(tenantId: string, bindingId: string): Promise<StorageBinding> {
    const own = tenantId === '' ? null : await this.store.find(tenantId, bindingId);
    if (own !== null) return this.unseal(own, tenantId);
    const platform = await this.store.findPlatform(bindingId);
    if (platform === null)
      throw new CodedError(StorageErrors.unavailable, 'The storage of this content is not known.');
    return { ...this.unseal(platform, ''), operatorOwned: true };
  }

  private unseal(kept: KeptBinding, tenantId: string): StorageBinding {
    const { bindingId, revision, place, sealedCredentials } = kept;
    const plain =
      sealedCredentials === null ? null : this.sealer.open(sealedCredentials, sealPlace(tenantId, bindingId));
    const credentials = plain === null ? null : (JSON.parse(plain.toString('utf8')) as BindingCredentials);
    return asBinding(`${bindingId}@${revision}`, place, credentials);
  }
}

/** Seals credentials for one binding of one tenant; the operator's bindings have the empty tenant. */
export function sealCredentials(
  sealer: Sealer,
  credentials: BindingCredentials | null,
  tenantId: string,
  bindingId: string,
): Buffer | null {
  if (credentials === null) return null;
  return sealer.seal(Buffer.from(JSON.stringify(credentials), 'utf8'), sealPlace(tenantId, bindingId));
}

function sealPlace(tenantId: string, bindingId: string): string {
  return `storage-binding:${tenantId}:${bindingId}`;
}

function keyOf(tenantId: string, bindingId: string): string {
  return `${tenantId}\n${bindingId}`;
}

function asBinding(id: string, place: BindingPlace, credentials: BindingCredentials | null): StorageBinding {
  const { adapter, ...settings } = place;
  const secrets = Object.entries(credentials ?? {}).map(
    ([name, value]) => [name, new Secret(value)] as const,
  );
  return { id, driver: adapter, settings: { ...settings, ...Object.fromEntries(secrets) } };
}
