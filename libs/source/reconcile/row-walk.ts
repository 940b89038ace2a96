import { CodedError } from '#kernel';
import { type ObjectStorage, parseObjectKey, StorageErrors } from '#storage';

import { atOnce } from './at-once.js';
import type { MissingObject } from './findings.js';
import type { NamingRow, ReconcileStore } from './reconcile.store.js';
import type { Survey } from './survey.js';

const ROWS_AT_ONCE = 1_000;
const HEADS_AT_ONCE = 16;
/** Sorts behind the slash, and so behind every key that begins with the text before it and a slash. */
const BEHIND_SLASH = '0';

/**
 * Walks a tenant's rows in the order of their keys beside a listing, and looks after the object of every row that the
 * listing has passed without showing it. Where a storage lists in another order that is more of them: they cost a call
 * each, and nothing is reported that has not been looked for by name, and whose row did not say the same afterwards.
 */
export class RowWalk {
  #after = '';

  constructor(
    private readonly store: ReconcileStore,
    private readonly place: {
      readonly tenantId: string;
      readonly tenantKey: string;
      readonly bindingId: string | null;
    },
    private readonly storage: ObjectStorage,
    private readonly survey: Survey,
    private readonly signal: AbortSignal,
  ) {}

  /** Takes the keys that a page has shown, and walks as far as the last of them. */
  async pass(keys: readonly string[]): Promise<void> {
    const last = keys.reduce((greatest, key) => (key > greatest ? key : greatest), '');
    await this.#walk(last, new Set(keys));
  }

  /** Walks to the end. */
  async finish(): Promise<void> {
    await this.#walk(this.place.tenantKey + BEHIND_SLASH, new Set());
  }

  /** Reports a row whose object is not what the row says, unless it is a moment later. */
  async check(row: NamingRow): Promise<void> {
    const { tenantId, bindingId } = this.place;
    const { objectKey, sizeBytes } = row;
    const reason = await this.#compare(objectKey, sizeBytes);
    if (reason === null || (await this.store.findRow(tenantId, objectKey)) === null) return;
    const { sourceId, subTenantId } = row;
    this.survey.missing.add({ tenantId, bindingId, subTenantId, sourceId, objectKey, sizeBytes, reason });
  }

  async #walk(upTo: string, shown: ReadonlySet<string>): Promise<void> {
    const { tenantId, bindingId } = this.place;
    while (this.#after < upTo) {
      this.signal.throwIfAborted();
      const bounds = { after: this.#after, upTo, limit: ROWS_AT_ONCE };
      const rows = await this.store.listRows(tenantId, bindingId, bounds);
      const wanted = rows.filter(({ isWanted }) => isWanted);
      this.survey.checkedRows += wanted.length;
      const unseen = wanted.filter(({ objectKey }) => !shown.has(objectKey));
      await atOnce(HEADS_AT_ONCE, unseen, (row) => this.check(row));
      const last = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1);
      this.#after = last?.objectKey ?? upTo;
    }
  }

  async #compare(objectKey: string, sizeBytes: number): Promise<MissingObject['reason'] | null> {
    try {
      const head = await this.storage.head(parseObjectKey(objectKey), { signal: this.signal });
      if (head === null) return 'absent';
      return head.sizeBytes === sizeBytes ? null : 'size';
    } catch (error) {
      if (CodedError.is(error, StorageErrors.contentUnavailable)) return 'unreadable';
      throw error;
    }
  }
}
