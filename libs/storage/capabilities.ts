/** What a storage can do beyond the contract's minimum. Where a backend may lie, the driver has tried it. */
export interface StorageCapabilities {
  /** A put to a key that is taken fails with `object_exists`; without it the newer object silently wins. */
  readonly writeOnce: boolean;
  /** {@link ObjectStorage.presigner} is there: the backend serves URLs to whoever holds them. */
  readonly presign: boolean;
  /** {@link ObjectStorage.multipart} is there: an object can be made of parts that are sent in any order. */
  readonly multipart: boolean;
  /** A copy inside the storage moves no bytes through the gateway. */
  readonly serverSideCopy: boolean;
  /** Checksums that the backend itself verifies while it takes an object, by their field's names. */
  readonly checksums: readonly ('sha256' | 'crc32' | 'crc64nvme' | 'md5')[];
}

/** Those of a storage that can do no more than it must. */
export const NO_CAPABILITIES: StorageCapabilities = {
  writeOnce: false,
  presign: false,
  multipart: false,
  serverSideCopy: false,
  checksums: [],
};
