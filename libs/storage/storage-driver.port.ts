import type { ObjectStorage } from './object-storage.port.js';

/** Where a tenant's objects go. What an id stands for never changes: another place is another binding. */
export interface StorageBinding {
  readonly id: string;
  /** Name of the driver that opens it. */
  readonly driver: string;
  /** What the driver needs to know; each driver parses its own. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * The operator has named the place, so its endpoint may have any address. Absent or false: somebody else did, and
   * the driver connects to what its {@link EndpointGuard} allows and to nothing else.
   */
  readonly operatorOwned?: boolean;
}

/** What drivers tell whoever watches over the gateway. Called often, and from within calls: must neither throw nor wait. */
export interface DriverWatch {
  /** A storage's clock and ours differ by so many seconds; above 0 when the storage's is ahead. Once a minute at most. */
  clockSkewed(bindingId: string, seconds: number): void;
}

/** One kind of storage: opens places of that kind. */
export abstract class StorageDriver {
  /** The name by which bindings refer to this driver, for example `filesystem`. */
  abstract readonly name: string;

  /**
   * Opens the place a binding names, and fails with `storage_unavailable` when it cannot be used. Nothing is held
   * after a failure. Opening the same binding again yields an independent storage on the same objects.
   */
  abstract open(binding: StorageBinding): Promise<ObjectStorage>;
}
