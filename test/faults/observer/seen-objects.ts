import { sha256 } from '../content/pattern.js';
import type { StoredObject } from '../invariants/observation.js';
import type { Place } from '../world/place.js';

/** The objects of the storage, past the gateways. What they have in them is read once: those of sources never change. */
export class SeenObjects {
  readonly #objects = new Map<string, StoredObject>();
  readonly #removed = new Set<string>();

  constructor(private readonly place: Place) {}

  /** Those that were there the last time. */
  get all(): ReadonlyMap<string, StoredObject> {
    return this.#objects;
  }

  /** Those that are not there any more. */
  get removed(): ReadonlySet<string> {
    return this.#removed;
  }

  /** Looks at what there is now. */
  async refresh(): Promise<void> {
    const sizes = await this.place.sizes();
    for (const key of [...this.#objects.keys()])
      if (!sizes.has(key)) {
        this.#objects.delete(key);
        this.#removed.add(key);
      }
    for (const [key, sizeBytes] of sizes) {
      if (this.#objects.get(key)?.sizeBytes === sizeBytes) continue;
      const bytes = await this.place.read(key);
      this.#objects.set(key, { sizeBytes, sha256: bytes === null ? null : sha256(bytes) });
    }
  }
}
