import { CodedError } from '#kernel';
import { abortFailure, type ByteRange, StorageErrors, type UploadedPart } from '#storage';
import { closeQuietly } from './file-calls.js';
import { headOf, type ObjectFile, openObject, readPart } from './object-file.js';
import type { TemporaryFile } from './temporary-file.js';

const CHUNK_BYTES = 1024 * 1024;

/** One object made of parts, one after the other; `pathOf` says where a part lies. Holds one chunk of 1 MiB. */
export class Assembly {
  constructor(
    private readonly parts: readonly UploadedPart[],
    private readonly pathOf: (partNumber: number) => string,
    private readonly signal: AbortSignal | undefined,
  ) {}

  get sizeBytes(): number {
    return this.parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  }

  /** Appends all parts to a file. `upload_incomplete` when one is absent, or is another than was acknowledged. */
  async writeTo(file: TemporaryFile): Promise<void> {
    await this.#read(async (chunk) => {
      await file.append(chunk);
      return true;
    });
  }

  /** True when the object at a path has the bytes of the parts. */
  async isAt(path: string): Promise<boolean> {
    const object = await openObject(path);
    if (object === null) return false;
    try {
      if (headOf(object).sizeBytes !== this.sizeBytes) return false;
      return await this.#read(async (chunk, start) => {
        const there = await readPart(object.descriptor, { start, end: start + chunk.length - 1 });
        return there.equals(chunk);
      });
    } finally {
      await closeQuietly(object.descriptor);
    }
  }

  /** Hands over all chunks with their positions in the object, until `take` answers false. */
  async #read(take: (chunk: Buffer, start: number) => Promise<boolean>): Promise<boolean> {
    let start = 0;
    for (const part of this.parts) {
      const file = await this.#open(part);
      try {
        for (const range of ranges(part.sizeBytes)) {
          if (this.signal?.aborted) throw abortFailure(this.signal);
          if (!(await take(await readPart(file.descriptor, range), start + range.start))) return false;
        }
      } finally {
        await closeQuietly(file.descriptor);
      }
      start += part.sizeBytes;
    }
    return true;
  }

  async #open({ partNumber, entityTag, sizeBytes }: UploadedPart): Promise<ObjectFile> {
    const file = await openObject(this.pathOf(partNumber));
    const head = file && headOf(file);
    if (file !== null && head?.entityTag === entityTag && head.sizeBytes === sizeBytes) return file;
    if (file !== null) await closeQuietly(file.descriptor);
    throw new CodedError(StorageErrors.uploadIncomplete, 'A part of the upload is missing.');
  }
}

function* ranges(sizeBytes: number): Generator<ByteRange> {
  for (let start = 0; start < sizeBytes; start += CHUNK_BYTES)
    yield { start, end: Math.min(start + CHUNK_BYTES, sizeBytes) - 1 };
}
