import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import type { KeyPrefix, ObjectHead, ObjectKey } from '#storage';

/** A bucket and the prefix under it that belongs to one binding. */
export class S3Place {
  /** What all of its keys begin with, to the slash; empty for a bucket of its own. */
  readonly prefix: string;

  constructor(
    readonly client: S3Client,
    readonly bucket: string,
    prefix: string,
  ) {
    this.prefix = prefix === '' ? '' : `${prefix}/`;
  }

  /** The key as the server knows it. */
  keyOf(key: ObjectKey): string {
    return this.prefix + key;
  }

  /** What the server's keys below a prefix begin with: always to the slash, so that `t1` does not show `t10`. */
  listPrefix(prefix: KeyPrefix): string {
    return `${this.prefix}${prefix}/`;
  }

  /** The key as the gateway knows it. */
  localKey(serverKey: string): string {
    return serverKey.slice(this.prefix.length);
  }

  /** Bucket and key, as most commands take them. */
  object(key: ObjectKey): { Bucket: string; Key: string } {
    return { Bucket: this.bucket, Key: this.keyOf(key) };
  }
}

/** What a server says of an object, in our words. */
export function headOf(head: HeadObjectCommandOutput): ObjectHead {
  const { ContentLength = 0, LastModified = new Date(0), ETag = '', ContentType } = head;
  return { sizeBytes: ContentLength, modifiedAt: LastModified, entityTag: ETag, contentType: ContentType };
}
