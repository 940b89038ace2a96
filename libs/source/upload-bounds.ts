import { CodedError, CommonErrors } from '#kernel';

import { SourceErrors } from './source.errors.js';

/** A quota and what counts against it: what is stored, and what uploads under way have reserved. */
export interface Meter {
  /** The most there may be. */
  readonly quota: number;
  readonly used: number;
}

/** What the tenant and the sub-tenant still have room for, and what an upload of theirs may be. Sizes are bytes. */
export interface Room {
  /** The largest source; null: no bound but the operator's. */
  readonly maxUploadBytes: number | null;
  /** Each list there is has to allow a type. */
  readonly allowedContentTypes: readonly (readonly string[])[];
  /** Only quotas that are set. */
  readonly meters: readonly (Meter & {
    readonly of: 'tenant' | 'sub_tenant';
    readonly what: 'bytes' | 'objects';
  })[];
}

/** What an upload reserves. */
export interface Wanted {
  readonly bytes: number;
  /** 1 for a source that is new, 0 for one that is replaced. */
  readonly objects: number;
}

/** Throws `payload_too_large`, or `quota_exceeded` with the numbers, when there is no room. */
export function assertFits(room: Room, wanted: Wanted): void {
  const { maxUploadBytes, meters } = room;
  if (maxUploadBytes !== null && wanted.bytes > maxUploadBytes) {
    throw new CodedError(
      CommonErrors.payloadTooLarge,
      `A file may have ${maxUploadBytes} bytes at most here.`,
      {
        fields: { max_upload_bytes: maxUploadBytes },
      },
    );
  }
  const full = meters.find((meter) => meter.used + wanted[meter.what] > meter.quota);
  if (full !== undefined) throw SourceErrors.quotaExceeded(full, wanted[full.what]);
}

/** Throws `content_type_not_allowed` unless every list there is has the type, its parameters left aside. */
export function assertTypeAllowed({ allowedContentTypes }: Room, contentType: string): void {
  const [type = ''] = contentType.split(';');
  const plain = type.trim().toLowerCase();
  const allowed = allowedContentTypes.every((list) => list.some((pattern) => matches(pattern, plain)));
  if (!allowed) throw SourceErrors.typeNotAllowed(allowedContentTypes);
}

/** A type, or all of a kind: `image/*`. */
function matches(pattern: string, type: string): boolean {
  return pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}
