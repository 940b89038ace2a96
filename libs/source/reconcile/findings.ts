/** How many of one kind a report shows; the others are counted only, so that a report stays small whatever is wrong. */
const SHOWN = 1_000;

/** What was found of one kind: the first ones, and how many there are. */
export class Findings<T> {
  readonly #shown: T[] = [];
  #count = 0;

  get shown(): readonly T[] {
    return this.#shown;
  }

  get count(): number {
    return this.#count;
  }

  add(finding: T): void {
    this.#count += 1;
    if (this.#shown.length < SHOWN) this.#shown.push(finding);
  }

  /** Counts findings that are not shown. */
  addUnseen(count: number): void {
    this.#count += count;
  }

  /** Takes over what others have found. */
  include(others: Findings<T>): void {
    for (const finding of others.#shown) this.add(finding);
    this.addUnseen(others.#count - others.#shown.length);
  }
}

/** Where something lies. */
export interface Place {
  readonly tenantId: string;
  /** Null for the data folder. */
  readonly bindingId: string | null;
}

/** A source whose row says that it has content, and whose object is not what the row says. */
export interface MissingObject extends Place {
  readonly subTenantId: string;
  readonly sourceId: string;
  readonly objectKey: string;
  readonly sizeBytes: number;
  /** `size`: an object of another size is there. `unreadable`: something is there that the storage does not hand out. */
  readonly reason: 'absent' | 'size' | 'unreadable';
}

/** An object that no row names, older than the grace period. */
export interface OrphanObject extends Place {
  readonly objectKey: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

/** An upload whose time has passed and that nobody has ended. */
export interface StaleUpload extends Place {
  readonly uploadId: string;
  readonly kind: string;
  readonly objectKey: string;
  /** As PostgreSQL writes it in JSON: ISO 8601. */
  readonly expiresAt: string;
}

/** A multipart upload that no row names, older than the grace period. */
export interface UnfinishedUpload extends Place {
  readonly objectKey: string;
  readonly multipartId: string;
  readonly startedAt: Date;
}

/** A source whose object does not have the checksum on record. */
export interface CorruptObject extends Place {
  readonly subTenantId: string;
  readonly sourceId: string;
  readonly objectKey: string;
  /** `unreadable`: its bytes could not be read to the end. */
  readonly reason: 'checksum' | 'unreadable';
}
