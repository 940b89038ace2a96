import { planContentAnswer, type ContentAnswer, type Representation } from '#http';
import { andThen, CodedError, type MaybePromise } from '#kernel';
import { StorageErrors, StoredBody, parseObjectKey, type ByteRange, type CallOptions } from '#storage';
import { BoundStorages } from '#binding';
import { Injectable } from '@nestjs/common';

import { ContentCache } from './content-cache.js';
import { SourceErrors } from './source.errors.js';
import { contentEtag, isAvailable, type AvailableSource, type Source } from './source.js';

/** How a source's content is shown to whom. */
export interface Presentation {
  readonly name: string;
  readonly disposition: 'attachment' | 'inline';
  readonly audience: Representation['audience'];
}

/** A request for content, as far as the answer depends on it. */
export interface ContentWish {
  readonly method: string;
  readonly headers: Parameters<typeof planContentAnswer>[0]['headers'];
}

/** Of so many sources it is remembered what was last said of them. */
const MAX_SHOWN = 1_024;

/** Reads sources' content. */
@Injectable()
export class ContentService {
  /** What was last said of a source, by the source as it is cached, the first to be shown first. */
  private readonly shown = new Map<
    AvailableSource,
    { readonly presentation: Presentation; readonly representation: Representation }
  >();

  constructor(
    private readonly storages: BoundStorages,
    private readonly cache: ContentCache,
  ) {}

  /** The source, if it has bytes. Throws `source_not_uploaded`. */
  assertAvailable(source: Source): AvailableSource {
    if (!isAvailable(source)) throw SourceErrors.pending();
    return source;
  }

  /** Status and headers of the answer; what depends on the request's conditions and range is decided here. */
  plan(source: AvailableSource, presentation: Presentation, wish: ContentWish): ContentAnswer {
    return planContentAnswer({
      method: wish.method,
      headers: wish.headers,
      representation: this.represent(source, presentation),
    });
  }

  /** What is said of the source in the headers of an answer. */
  represent(source: AvailableSource, presentation: Presentation): Representation {
    const known = this.shown.get(source);
    if (known !== undefined && isSame(known.presentation, presentation)) return known.representation;
    const representation = this.describe(source, presentation);
    const [oldest] = this.shown.keys();
    if (this.shown.size >= MAX_SHOWN && oldest !== undefined) this.shown.delete(oldest);
    this.shown.set(source, { presentation, representation });
    return representation;
  }

  private describe(source: AvailableSource, presentation: Presentation): Representation {
    return {
      contentType: source.contentType,
      name: presentation.name,
      disposition: presentation.disposition,
      sizeBytes: source.sizeBytes,
      checksumSha256Hex: source.checksumSha256,
      etag: contentEtag(source) ?? '',
      lastModified: source.contentUpdatedAt,
      audience: presentation.audience,
      cachePolicy: 'private',
    };
  }

  /**
   * Opens the bytes. Between reading the row and opening the object the content may have been replaced and the old
   * object removed: `reread` then gives the source as it is now, and the caller plans its answer anew. Answers null in
   * that case; throws `content_unavailable` when the object is missing although the row still names it.
   */
  open(
    source: AvailableSource,
    range: ByteRange | null,
    reread: () => Promise<Source>,
    call: CallOptions = {},
  ): MaybePromise<StoredBody | null> {
    const body = this.cache.takes(source.sizeBytes)
      ? this.readCached(source, range)
      : this.readStored(source, range, call);
    return andThen(body, (found) => found ?? this.assertReplaced(source, reread));
  }

  private async assertReplaced(source: AvailableSource, reread: () => Promise<Source>): Promise<null> {
    if ((await reread()).objectKey !== source.objectKey) return null;
    throw new CodedError(
      StorageErrors.contentUnavailable,
      'The stored content of this source cannot be read.',
    );
  }

  /** The reading is not this caller's alone, so that it ends with nobody's request. */
  private readCached(source: AvailableSource, range: ByteRange | null): MaybePromise<StoredBody | null> {
    const { sizeBytes } = source;
    const cached = this.cache.get(source, sizeBytes, async () => {
      const body = await this.readStored(source, null, {});
      return body === null ? null : await body.bytes();
    });
    return andThen(cached, (bytes) => {
      if (bytes === null) return null;
      const content = range === null ? bytes : bytes.subarray(range.start, range.end + 1);
      return new StoredBody({ sizeBytes, lengthBytes: content.length, content });
    });
  }

  private readStored(
    source: AvailableSource,
    range: ByteRange | null,
    call: CallOptions,
  ): MaybePromise<StoredBody | null> {
    return andThen(this.storages.open(source.tenantId, source.bindingId), (storage) => {
      const key = parseObjectKey(source.objectKey);
      const options = {
        range: range ?? undefined,
        expectedSize: source.sizeBytes,
        hasFired: call.hasFired,
        get signal() {
          return call.signal;
        },
      };
      return storage.getAtOnce?.(key, options) ?? storage.get(key, options);
    });
  }
}

function isSame(one: Presentation, other: Presentation): boolean {
  return one.name === other.name && one.disposition === other.disposition && one.audience === other.audience;
}
