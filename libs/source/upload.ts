import type { ObjectKey } from '#storage';

import type { SourceReference } from './source-reference.js';
import type { Room, Wanted } from './upload-bounds.js';

/** A write under way: a row that owns a fresh object key before a byte is written. */
export interface Upload {
  readonly uploadId: string;
  readonly objectKey: ObjectKey;
  /** The binding that the object goes to: the tenant's own when the write began, or else the operator's. */
  readonly bindingId: string | null;
  /** What was reserved for it when it began. */
  readonly reserved: Wanted;
}

/** What a write asks for before its bytes come: room for them, as far as their number is known. */
export interface UploadWish extends Wanted {
  readonly tokenId: string;
  /** The operator's binding, for tenants without one of their own. */
  readonly defaultBindingId: string | null;
  /** The write does not begin when there is a source that this names, in whatever state; null: whatever there is. */
  readonly unless: SourceReference | null;
}

/** A write that has begun, and the room there was. */
export interface Opened {
  readonly upload: Upload;
  readonly room: Room;
}

/** What became of a wish, and the room there was. */
export interface Opening {
  /** Null: there was no room. */
  readonly upload: Upload | null;
  readonly room: Room;
}

/** How long a write may be silent before it counts as dead; a live one renews its lease well before. */
export const UPLOAD_LEASE_MINUTES = 15;
