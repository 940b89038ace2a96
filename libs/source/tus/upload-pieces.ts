import { CodedError, newUuid, type TenantContext } from '#kernel';
import {
  parseObjectKey,
  StorageErrors,
  type MultipartUploads,
  type ObjectStorage,
  type UploadedPart,
} from '#storage';

import { SourceErrors } from '../source.errors.js';
import { abortOthers } from '../unfinished-uploads.js';
import type { HeldUpload } from './held-upload.js';
import { TusErrors } from './tus.errors.js';
import type { TusProgressStore } from './tus-progress.store.js';
import type { Tail } from './tus-upload.js';

/** Small tails beyond this many are made one, so that a client with tiny requests leaves few objects. */
const MOST_SMALL_TAILS = 16;
/** The least that a tail is worth being read and written again for. */
const SMALL_TAIL_BYTES = 1024 * 1024;

/**
 * The durable pieces of an upload: parts of a multipart upload, and behind them tails, which become a part when there
 * is enough of them. What is added is durable when it resolves, and on record at once, unless records are deferred until
 * {@link commit}: then {@link discard} undoes all that was added.
 */
export class UploadPieces {
  private position: number;
  private nextPart: number;
  private multipartId: string | null;
  private tails: Tail[];
  private parts: UploadedPart[] = [];
  private written: Tail[] = [];
  private dropped: string[];
  private claimed: string[] = [];
  private expiry: Date;

  constructor(
    private readonly context: TenantContext,
    private readonly held: HeldUpload,
    private readonly storage: ObjectStorage,
    private readonly store: TusProgressStore,
    private readonly isDeferred: boolean,
  ) {
    const { upload } = held;
    this.position = upload.receivedBytes;
    this.nextPart = upload.nextPart;
    this.multipartId = upload.multipartId;
    this.tails = [...upload.tails];
    this.dropped = [...upload.strayTailIds];
    this.expiry = upload.expiresAt;
  }

  /** How many bytes there are, those that are not on record yet included. */
  get receivedBytes(): number {
    return this.position;
  }

  get expiresAt(): Date {
    return this.expiry;
  }

  /** How many bytes would make a part, or the end, together with the tails that are there. */
  get wantedBytes(): number {
    return Math.min(this.partBytes - this.tailBytes, this.held.upload.lengthBytes - this.position);
  }

  /** Makes bytes durable, which are at most {@link wantedBytes}. */
  async add(bytes: Buffer): Promise<void> {
    await this.held.busy(async () => {
      if (this.isPart(bytes.length)) await this.addPart(bytes);
      else await this.addTail(bytes);
      if (!this.isDeferred) await this.commit();
    });
  }

  /** Puts on record what was added. Throws `upload_locked` when somebody else has taken over. */
  async commit(): Promise<void> {
    const { parts, written, nextPart } = this;
    const expiry = await this.store.record(this.context, this.held, {
      receivedBytes: this.position,
      nextPart,
      parts,
      written: written.filter(({ tailId }) => !this.dropped.includes(tailId)),
      droppedIds: this.dropped,
    });
    if (expiry === null) throw TusErrors.locked();
    this.expiry = expiry;
    [this.parts, this.written, this.dropped, this.claimed] = [[], [], [], []];
  }

  /** Gives up what was added and is not on record. Parts go with their upload. */
  async discard(): Promise<void> {
    if (this.claimed.length > 0) await this.store.dropTails(this.context, this.claimed);
  }

  private get partBytes(): number {
    const { partBytes, lengthBytes } = this.held.upload;
    return this.storage.multipart === null ? lengthBytes : partBytes;
  }

  private get tailBytes(): number {
    return this.tails.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /**
   * Whether the tails and so many bytes become a part now: a full one, the last one, or one that is cut short where the
   * backend takes such, and has numbers for enough of them. An upload of a single part is left to a tail.
   */
  private isPart(count: number): boolean {
    const { partBytes } = this;
    const { lengthBytes } = this.held.upload;
    const { multipart } = this.storage;
    if (multipart === null || lengthBytes <= partBytes) return false;
    const size = this.tailBytes + count;
    const isLast = this.position + count === lengthBytes;
    if (size === partBytes || isLast) return true;
    const { minPartBytes, equalParts, maxParts } = multipart.limits;
    const left = Math.ceil((lengthBytes - this.position - count) / partBytes);
    return size >= minPartBytes && !equalParts && maxParts - this.nextPart > 2 * left;
  }

  private async addPart(bytes: Buffer): Promise<void> {
    const { multipart } = this.storage;
    if (multipart === null) throw new Error('A part needs a storage that takes parts.');
    if (this.nextPart > multipart.limits.maxParts) throw SourceErrors.uploadEnded();
    const multipartId = this.multipartId ?? (await this.beginParts(multipart));
    const sizeBytes = this.tailBytes + bytes.length;
    const number = this.nextPart;
    const { objectKey } = this.held.upload;
    const body = this.content(this.tails, bytes);
    this.parts.push(await multipart.putPart(objectKey, multipartId, number, body, { sizeBytes }));
    this.nextPart = number + 1;
    this.dropped.push(...this.tails.map(({ tailId }) => tailId));
    this.tails = [];
    this.position += bytes.length;
  }

  private async beginParts(multipart: MultipartUploads): Promise<string> {
    const { objectKey } = this.held.upload;
    const others = { mayBe: false };
    const multipartId = await multipart.create(objectKey, { unheard: () => (others.mayBe = true) });
    if (!(await this.store.beginParts(this.context, this.held, multipartId))) {
      await multipart.abort(objectKey, multipartId).catch(() => undefined);
      throw TusErrors.locked();
    }
    this.multipartId = multipartId;
    // Not before: until one is on record, it may be another's that comes to be.
    if (others.mayBe) await abortOthers(multipart, objectKey, multipartId).catch(() => undefined);
    return multipartId;
  }

  /** Writes a tail; together with all before it when that is the whole, and with small ones when there are many. */
  private async addTail(bytes: Buffer): Promise<void> {
    const { upload } = this.held;
    const isWhole = this.position + bytes.length === upload.lengthBytes && this.position === this.tailBytes;
    const merged = isWhole ? this.tails : this.smallTails();
    const [tenantKey = ''] = upload.objectKey.split('/');
    const tailId = newUuid();
    const sizeBytes = merged.reduce((sum, tail) => sum + tail.sizeBytes, bytes.length);
    const tail: Tail = {
      tailId,
      objectKey: parseObjectKey(`${tenantKey}/${newUuid()}`),
      startByte: this.position + bytes.length - sizeBytes,
      sizeBytes,
    };
    if (!(await this.store.claimTail(this.context, this.held, tail))) throw TusErrors.locked();
    this.claimed.push(tailId);
    await this.storage.put(tail.objectKey, this.content(merged, bytes), { expectedSize: sizeBytes });
    this.written.push(tail);
    this.dropped.push(...merged.map((one) => one.tailId));
    this.tails = [...this.tails.filter((one) => !merged.includes(one)), tail];
    this.position += bytes.length;
  }

  /** The small tails at the end, when there are too many of them. */
  private smallTails(): readonly Tail[] {
    const from = this.tails.findLastIndex(({ sizeBytes }) => sizeBytes >= SMALL_TAIL_BYTES) + 1;
    const small = this.tails.slice(from);
    return small.length < MOST_SMALL_TAILS ? [] : small;
  }

  private async *content(tails: readonly Tail[], bytes: Buffer): AsyncGenerator<Uint8Array> {
    for (const { objectKey, sizeBytes } of tails) {
      const body = await this.storage.get(objectKey, { expectedSize: sizeBytes });
      if (body === null)
        throw new CodedError(StorageErrors.contentUnavailable, 'A piece of the upload is missing.');
      yield* body.stream() as AsyncIterable<Uint8Array>;
    }
    if (bytes.length > 0) yield bytes;
  }
}
