import type { ObjectStorage, StorageBinding, StorageRegistry } from '#storage';

/** Where sources' bytes are: the operator's default place. */
export class SourceStorage {
  constructor(
    private readonly registry: StorageRegistry,
    private readonly binding: StorageBinding,
  ) {}

  /** The storage, opened at first use. */
  open(): Promise<ObjectStorage> {
    return this.registry.get(this.binding);
  }

  /** Lets go of what is pooled, for shutdown. */
  release(): Promise<void> {
    return this.registry.release();
  }
}
