import {
  type MultipartUploads,
  type ObjectKey,
  type ObjectStorage,
  parseKeyPrefix,
  type UnfinishedUpload,
  type UploadedPart,
} from '#storage';
import { KIB, chunksOf, sampleBytes } from './samples.js';

/** Enough to be more than one chunk where the storage asks for less. */
const LEAST_PART_BYTES = 300 * KIB;

/** Multipart uploads of a storage, with what the suite does to them. */
export interface UploadsUnderTest {
  readonly multipart: MultipartUploads;
  /** Bytes for a part that need not be the last. */
  readonly part: (seed: number) => Buffer;
  readonly send: (
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    bytes: Buffer | undefined,
  ) => Promise<UploadedPart>;
  /** Yields so many bytes and then fails, waits, or ends. */
  readonly body: (sizeBytes: number, then?: Error | Promise<unknown>) => AsyncGenerator<Buffer>;
  /** Unfinished uploads in the folder of a key. */
  readonly unfinished: (key: ObjectKey | undefined) => Promise<readonly UnfinishedUpload[]>;
}

/** Throws where a storage has no multipart uploads. */
export function uploadsOf({ multipart }: ObjectStorage): UploadsUnderTest {
  if (multipart === null) throw new Error('The storage has no multipart uploads');
  return {
    multipart,
    part: (seed) => sampleBytes(Math.max(multipart.limits.minPartBytes, LEAST_PART_BYTES), seed),
    send: (key, uploadId, partNumber, bytes = Buffer.alloc(0)) =>
      multipart.putPart(key, uploadId, partNumber, chunksOf(bytes), { sizeBytes: bytes.length }),
    body: async function* body(sizeBytes, then) {
      yield* chunksOf(sampleBytes(sizeBytes), 40);
      if (then instanceof Error) throw then;
      await then;
    },
    unfinished: async (key = '' as ObjectKey) => {
      const prefix = parseKeyPrefix(key.slice(0, key.lastIndexOf('/')));
      return (await multipart.listUnfinished(prefix)).uploads;
    },
  };
}
