import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { CodedError } from '#kernel';
import { type ObjectKey, type PartBuffers, StorageErrors, type UploadedPart } from '#storage';
import { randomUUID } from 'node:crypto';

import { until } from './call-options.js';
import { cleanUp } from './clean-up.js';
import type { S3MultipartUploads } from './s3.multipart-uploads.js';
import type { S3Place } from './s3.place.js';

/** Says which put or copy an object is from, so that one can tell its own object from somebody else's. */
const PUT_ID = 'gatehold-put';

/** What puts and copies need of their storage. */
export interface S3PutParts {
  readonly place: S3Place;
  readonly multipart: S3MultipartUploads;
  readonly buffers: PartBuffers;
  /** The server was seen to refuse a PUT with `If-None-Match: *` to a key that is taken. */
  readonly conditionalPut: boolean;
  /** Removes an object; an absent one is a success. */
  readonly remove: (key: ObjectKey, signal: AbortSignal) => Promise<void>;
}

/** The one object that a put or a copy makes: told from others by its metadata, and taken back when it fails. */
export class S3Write {
  /** Has to be stored with the object. */
  readonly metadata = { [PUT_ID]: randomUUID() };

  constructor(
    private readonly parts: S3PutParts,
    readonly key: ObjectKey,
  ) {}

  /**
   * Begins a multipart upload, the only one under its key: puts and copies go to keys that nobody else writes to. Without
   * a signal: whoever waits for the id can remove the upload.
   */
  begin(): Promise<string> {
    return this.parts.multipart.begin(this.key, { metadata: this.metadata, unheard: 'abort' });
  }

  /** Completes an upload with the parts that `send` has stored. Leaves nothing when either fails. */
  async finish(uploadId: string, send: () => Promise<readonly UploadedPart[]>): Promise<void> {
    const { multipart } = this.parts;
    let completing = false;
    try {
      const parts = await send();
      completing = true;
      // Without the signal: an abort could not tell any more whether the object became visible.
      await multipart.finish(this.key, uploadId, parts);
    } catch (error) {
      await cleanUp((signal) => multipart.abort(this.key, uploadId, { signal }));
      // The object may have been made although the answer did not come.
      if (completing && isUncertain(error)) await this.takeBack();
      throw error;
    }
  }

  /** Removes what was stored, and nothing that somebody else stored. Never fails. */
  takeBack(): Promise<void> {
    return cleanUp(async (signal) => {
      if (await this.isOurs(signal)) await this.parts.remove(this.key, signal);
    });
  }

  /** True when the object under the key is known to be this one. */
  async isOurs(signal: AbortSignal | undefined): Promise<boolean> {
    const { place } = this.parts;
    const head = await place.client
      .send(new HeadObjectCommand(place.object(this.key)), until(signal))
      .catch(() => null);
    return head?.Metadata?.[PUT_ID] === this.metadata[PUT_ID];
  }
}

function isUncertain(error: unknown): boolean {
  if (!(error instanceof CodedError)) return true;
  return CodedError.is(error, StorageErrors.unavailable) || CodedError.is(error, StorageErrors.timeout);
}
