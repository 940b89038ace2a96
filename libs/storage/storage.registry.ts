import { CodedError } from '#kernel';
import { CircuitBreaker } from './circuit-breaker.js';
import type { ObjectStorage } from './object-storage.port.js';
import type { StorageBinding, StorageDriver } from './storage-driver.port.js';
import { StorageErrors } from './storage.errors.js';

/** Bounds of a registry. */
export interface StorageRegistryOptions {
  /** Storages kept open; the one unused for longest is released when another comes. Default 256. */
  readonly maxOpen?: number;
}

/** A storage, or the way there. */
interface Opening {
  readonly storage: Promise<ObjectStorage>;
  /** Null until it has been opened. */
  opened: ObjectStorage | null;
}

interface KnownBreaker {
  readonly breaker: CircuitBreaker;
  readonly driver: string;
}

/** Breakers kept, for each storage that is kept open: those of storages that cannot be opened are among them. */
const BREAKERS = 4;

/** The storages that are open, by binding id: each is opened once, at first use, and shared by all callers. */
export class StorageRegistry {
  readonly #drivers = new Map<string, StorageDriver>();
  /** In order of use, the least recent first. */
  readonly #open = new Map<string, Opening>();
  readonly #breakers = new Map<string, KnownBreaker>();
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
    const known = this.#touch(binding);
    if (known !== undefined) return known.storage;
    const opening: Opening = { storage: this.#openNew(binding), opened: null };
    this.#open.set(binding.id, opening);
    opening.storage.then(
      (opened) => (opening.opened = opened),
      // Compared, so that a late failure does not drop the entry of a newer opening.
      () => this.#open.get(binding.id) === opening && this.#open.delete(binding.id),
    );
    this.#evict();
    return opening.storage;
  }

  /** The storage of a binding if it is open; null while it is not. */
  find(binding: StorageBinding): ObjectStorage | null {
    return this.#touch(binding)?.opened ?? null;
  }

  /**
   * What keeps callers from the storage of a binding while that fails, whether it is open or cannot be opened. Always the
   * same one, as long as the binding is among those used last.
   */
  breakerOf({ id, driver }: StorageBinding): CircuitBreaker {
    const { breaker } = this.#breakers.get(id) ?? { breaker: new CircuitBreaker() };
    this.#breakers.delete(id);
    this.#breakers.set(id, { breaker, driver });
    const [oldest] = this.#breakers.keys();
    if (this.#breakers.size > BREAKERS * this.#maxOpen && oldest !== undefined) this.#breakers.delete(oldest);
    return breaker;
  }

  /** How many storages of each driver are being left alone. */
  leftAlone(): ReadonlyMap<string, number> {
    const counts = new Map([...this.#drivers.keys()].map((name) => [name, 0]));
    for (const { breaker, driver } of this.#breakers.values())
      if (breaker.isOpen) counts.set(driver, (counts.get(driver) ?? 0) + 1);
    return counts;
  }

  /** Opens a binding for one caller, who releases it: it is neither shared nor remembered. */
  openOnce(binding: StorageBinding): Promise<ObjectStorage> {
    return this.#openNew(binding);
  }

  /** Releases every storage and forgets it, for shutdown. Those still being opened are waited for. */
  async release(): Promise<void> {
    const opened = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(opened.map(({ storage }) => releaseOpened(storage)));
  }

  #touch({ id }: StorageBinding): Opening | undefined {
    const found = this.#open.get(id);
    if (found === undefined) return undefined;
    this.#open.delete(id);
    this.#open.set(id, found);
    return found;
  }

  async #openNew(binding: StorageBinding): Promise<ObjectStorage> {
    const driver = this.#drivers.get(binding.driver);
    if (driver === undefined)
      throw new CodedError(StorageErrors.unavailable, 'The storage driver is not installed.');
    return driver.open(binding);
  }

  #evict(): void {
    for (const [id, { storage }] of this.#open) {
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
