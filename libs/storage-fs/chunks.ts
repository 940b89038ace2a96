import { BufferPool } from '#kernel';

/** Bytes of a chunk of a large body. */
export const CHUNK_BYTES = 1024 * 1024;

/** The chunks of all storages of this process. */
export const CHUNKS = new BufferPool({ bytes: CHUNK_BYTES, leastBytes: CHUNK_BYTES / 4, mostFree: 8 });
