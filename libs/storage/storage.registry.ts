import { CodedError } from '#kernel';
import type { ObjectStorage } from './object-storage.port.js';
import type { StorageBinding, StorageDriver } from './storage-driver.port.js';
import { StorageErrors } from './storage.errors.js';

/** Bounds of a registry. */
export interface StorageRegistryOptions {
  /** Storages kept open; the one unused for longest is released when another comes. Default 256. */
  readonly maxOpen?: number;
}

/** The storages that are open, by binding id: each is opened once, at first use, and shared by all callers. */
export class StorageRegistry {
  readonly #drivers = new Map<string, StorageDriver>();
  /** In order of use, the least recent first. */
  readonly #open = new Map<string, Promise<ObjectStorage>>();
  readonly #maxOpen: number;

  /** Throws when two drivers have the same name. */
  constructor(drivers: Iterable<StorageDriver>, options: StorageRegistryOptions = {}) {
    for (const driver of drivers) {
      if (this.#drivers.has(driver.name))
        throw new TypeError(`Two storage drivers are called ${driver.name}`);
      this.#drivers.set(driver.name, driver);
    }
    this.#maxOpen = options.maxOpen ?? 256;
  }

  /**
   * The storage of a binding. Callers that come while it is being opened wait for that one opening; a failed
   * opening fails them all, is not remembered, and is tried again by the next caller. `storage_unavailable`
   * when no driver of that name is installed.
   */
  get(binding: StorageBinding): Promise<ObjectStorage> {
    const found = this.#open.get(binding.id);
    if (found !== undefined) {
      this.#open.delete(binding.id);
      this.#open.set(binding.id, found);
      return found;
    }
    const opening = this.#openNew(binding);
    this.#open.set(binding.id, opening);
    // Compared, so that a late failure does not drop the entry of a newer opening.
    opening.catch(() => this.#open.get(binding.id) === opening && this.#open.delete(binding.id));
    this.#evict();
    return opening;
  }

  /** Opens a binding for one caller, who releases it: it is neither shared nor remembered. */
  openOnce(binding: StorageBinding): Promise<ObjectStorage> {
    return this.#openNew(binding);
  }

  /** Releases every storage and forgets it, for shutdown. Those still being opened are waited for. */
  async release(): Promise<void> {
    const opened = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(opened.map((storage) => releaseOpened(storage)));
  }

  async #openNew(binding: StorageBinding): Promise<ObjectStorage> {
    const driver = this.#drivers.get(binding.driver);
    if (driver === undefined)
      throw new CodedError(StorageErrors.unavailable, 'The storage driver is not installed.');
    return driver.open(binding);
  }

  #evict(): void {
    for (const [id, storage] of this.#open) {
      if (this.#open.size <= this.#maxOpen) return;
      this.#open.delete(id);
      void releaseOpened(storage);
    }
  }
}

/** Releases once opened; a failed opening has nothing to release and has been reported to its callers. */
function releaseOpened(storage: Promise<ObjectStorage>): Promise<void> {
  return storage.then(
    (opened) => opened.release(),
    () => undefined,
  );
}
