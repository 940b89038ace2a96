import type { ObjectStorage } from '#storage';

/** A storage opened for one run of the contract suite. */
export interface OpenedStorage {
  readonly storage: ObjectStorage;
  /** Removes everything the run has made. */
  readonly cleanup: () => Promise<void>;
  /**
   * Names of all that lies in the store, half-made things included, as far as the adapter's own tools can see it.
   * Absent: the suite checks for leftovers through the port only.
   */
  readonly listEverything?: () => Promise<readonly string[]>;
}

/** The storage under test, for the parts of the suite: valid while a test runs. */
export type StorageUnderTest = () => OpenedStorage;

/** Facets that an adapter does without; its storages declare neither them nor the capability. */
export interface MissingFacets {
  readonly presign?: false;
  readonly multipart?: false;
}
