import type { MaybePromise } from '#kernel';
import { SMALL_BODY_BYTES } from '#storage';
import { Injectable } from '@nestjs/common';

/** An object of a tenant's: its key is never used for other bytes. */
export interface CachedObject {
  readonly tenantId: string;
  readonly bindingId: string | null;
  readonly objectKey: string;
}

interface Entry {
  readonly bytes: Buffer;
  readonly readAt: number;
}

/** What an entry takes beside its bytes, generously: two long texts, two objects, a place in a map. */
const ENTRY_BYTES = 1_024;
/** Bytes are not kept for longer than a minute, however often they are asked for: they are served and looked for so long. */
const SERVED_MS = 45_000;
const LOOK_EVERY_MS = 15_000;

/**
 * Bytes of small objects that were read a moment ago; those asked for least recently go first. It knows objects and
 * nothing else: who may have them was decided before anybody asks here. Bytes of objects that this process removes are
 * dropped at once, all others a minute after they were read at the latest; so are those of objects that another process
 * removed, which nobody can ask for any more.
 */
@Injectable()
export class ContentCache {
  /** In order of use, the least recent first. */
  readonly #entries = new Map<string, Entry>();
  readonly #readings = new Map<string, Promise<Buffer | null>>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `maxBytes`: the most that it may take, all in all; 0: nothing is kept, nor counted. */
  constructor(private readonly maxBytes: number) {}

  /** Answers that took nothing from a storage of their own, those that did, and the memory that is taken. */
  get counts(): { readonly hits: number; readonly misses: number; readonly bytes: number } {
    return { hits: this.#hits, misses: this.#misses, bytes: this.#bytes };
  }

  /** Whether an object of this size may be asked for here. */
  takes(sizeBytes: number): boolean {
    return sizeBytes <= SMALL_BODY_BYTES && sizeBytes + ENTRY_BYTES <= this.maxBytes;
  }

  /**
   * All bytes of an object, or what `read` answers: callers who come while it is being read wait for that one reading, and
   * share what it fails with. Failures are not kept, nor an absent object (null), nor one of another size than `sizeBytes`,
   * which is read anew each time. The buffer is everybody's: it must never be written to.
   */
  get(
    object: CachedObject,
    sizeBytes: number,
    read: () => Promise<Buffer | null>,
  ): MaybePromise<Buffer | null> {
    const name = nameOf(object);
    const found = this.#find(name);
    const reading = this.#readings.get(name);
    if (found?.length === sizeBytes || reading !== undefined) this.#hits += 1;
    else this.#misses += 1;
    if (found?.length === sizeBytes) return found;
    return reading ?? this.#read(name, sizeBytes, read);
  }

  /** To be called when an object is removed: forgets its bytes, and those that are being read. */
  drop(object: CachedObject): void {
    const name = nameOf(object);
    this.#readings.delete(name);
    this.#forget(name);
  }

  #find(name: string): Buffer | null {
    const entry = this.#entries.get(name);
    if (entry === undefined || performance.now() - entry.readAt > SERVED_MS) return null;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry.bytes;
  }

  #read(name: string, sizeBytes: number, read: () => Promise<Buffer | null>): Promise<Buffer | null> {
    const readAt = performance.now();
    const reading = read().then((bytes) => {
      if (bytes?.length !== sizeBytes || this.#readings.get(name) !== reading) return bytes;
      const own = ownMemory(bytes);
      this.#keep(name, { bytes: own, readAt });
      return own;
    });
    this.#readings.set(name, reading);
    const end = (): void => {
      if (this.#readings.get(name) === reading) this.#readings.delete(name);
    };
    reading.then(end, end);
    return reading;
  }

  #keep(name: string, entry: Entry): void {
    this.#forget(name);
    this.#entries.set(name, entry);
    this.#bytes += entry.bytes.length + ENTRY_BYTES;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.maxBytes) break;
      this.#forget(oldest);
    }
    this.#timer ??= setInterval(() => this.#forgetOld(), LOOK_EVERY_MS).unref();
  }

  #forget(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#bytes -= entry.bytes.length + ENTRY_BYTES;
  }

  #forgetOld(): void {
    const moment = performance.now() - SERVED_MS;
    for (const [name, { readAt }] of this.#entries) if (readAt < moment) this.#forget(name);
    if (this.#entries.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

function nameOf({ tenantId, bindingId, objectKey }: CachedObject): string {
  return `${tenantId}\n${bindingId ?? ''}\n${objectKey}`;
}

/** A piece of a larger buffer would keep all of that in memory. */
function ownMemory(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength <= bytes.length + 1) return bytes;
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
