import { type ListedObject, type ObjectStorage, type ObjectPage, parseKeyPrefix } from '#storage';

import { isOwnKey } from './own-key.js';
import type { ReconcileStore } from './reconcile.store.js';
import { RowWalk } from './row-walk.js';
import { RunAborted, type RunOptions } from './run.js';
import type { Survey } from './survey.js';

/** Storage and database must agree on the time this well. Milliseconds. */
const CLOCK_TOLERANCE_MS = 300_000;

/** A tenant's part of one storage. */
export interface SurveyedPlace {
  readonly tenantId: string;
  readonly tenantKey: string;
  readonly bindingId: string | null;
}

/**
 * Compares the objects of a tenant in one storage with the rows, in both directions, page by page: an object is looked up
 * in the rows after the list has shown it, never the other way round, since every object has a row before it is there.
 */
export class PlaceSurvey {
  #listedAt: Date | null = null;

  constructor(
    private readonly store: ReconcileStore,
    private readonly place: SurveyedPlace,
    private readonly storage: ObjectStorage,
    private readonly survey: Survey,
    private readonly options: Pick<RunOptions, 'graceSeconds' | 'signal'> & { onPage: () => void },
  ) {}

  /** Throws what the storage or the database fails with: what was seen until then says nothing. */
  async run(): Promise<void> {
    const { tenantKey } = this.place;
    const { signal } = this.options;
    const walk = new RowWalk(this.store, this.place, this.storage, this.survey, signal);
    let after: string | undefined;
    for (;;) {
      signal.throwIfAborted();
      const page = await this.storage.list(parseKeyPrefix(tenantKey), { after, signal });
      await this.#look(page, walk);
      this.options.onPage();
      if (page.next === null) break;
      if (page.next === after) throw new RunAborted('a storage answers the same page of a list again');
      after = page.next;
    }
    await walk.finish();
    await this.#lookForUploads();
  }

  async #look({ objects, listedAt }: ObjectPage, walk: RowWalk): Promise<void> {
    const { tenantId, tenantKey } = this.place;
    const ours = objects.filter(({ key }) => isOwnKey(tenantKey, key));
    const { now, unnamed, resized } = await this.store.lookUp(tenantId, ours);
    this.#listedAt = assertClocks(listedAt, now);
    this.survey.checkedObjects += ours.length;
    this.survey.namedObjects += ours.length - unnamed.length;
    const nobodys = new Set(unnamed);
    for (const object of ours) if (nobodys.has(object.key)) this.#addUnnamed(object);
    for (const key of resized) {
      const row = await this.store.findRow(tenantId, key);
      if (row !== null) await walk.check(row);
    }
    await walk.pass(ours.map(({ key }) => key));
  }

  #addUnnamed({ key: objectKey, sizeBytes, modifiedAt }: ListedObject): void {
    const { tenantId, bindingId } = this.place;
    if (!this.#isOld(modifiedAt)) this.survey.youngObjects += 1;
    else this.survey.addOrphan({ tenantId, bindingId, objectKey, sizeBytes, modifiedAt });
  }

  async #lookForUploads(): Promise<void> {
    const { multipart } = this.storage;
    const { tenantId, tenantKey, bindingId } = this.place;
    const { signal } = this.options;
    let after: string | undefined;
    while (multipart !== null) {
      const page = await multipart.listUnfinished(parseKeyPrefix(tenantKey), { after, signal });
      const ours = page.uploads.filter(({ key }) => isOwnKey(tenantKey, key));
      const uploading = new Set(
        await this.store.listUploading(
          tenantId,
          ours.map(({ key }) => key),
        ),
      );
      for (const { key: objectKey, uploadId: multipartId, startedAt } of ours)
        if (!uploading.has(objectKey) && this.#isOld(startedAt))
          this.survey.addUnfinished({ tenantId, bindingId, objectKey, multipartId, startedAt });
      if (page.next === null) return;
      if (page.next === after) throw new RunAborted('a storage answers the same page of uploads again');
      after = page.next;
    }
  }

  /** A storage that does not say when something was made says nothing of its age. */
  #isOld(madeAt: Date): boolean {
    const age = (this.#listedAt?.getTime() ?? 0) - madeAt.getTime();
    return madeAt.getTime() > 0 && age >= this.options.graceSeconds * 1000;
  }
}

function assertClocks(storage: Date | null, database: Date): Date {
  if (storage === null) throw new RunAborted('a storage does not say what time it is');
  const seconds = Math.round(Math.abs(storage.getTime() - database.getTime()) / 1000);
  if (seconds * 1000 <= CLOCK_TOLERANCE_MS) return storage;
  throw new RunAborted(`the clocks of a storage and of the database differ by ${seconds} seconds`);
}
