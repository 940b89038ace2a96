import { BoundStorages } from '#binding';
import { parseObjectKey } from '#storage';
import { Injectable } from '@nestjs/common';

import { ObjectPurge } from '../object-purge.js';
import { UploadExpiry } from '../upload-expiry.js';
import { CondemnedStore } from './condemned.store.js';
import type { Place } from './findings.js';
import { ReconcileStore } from './reconcile.store.js';
import type { Survey } from './survey.js';

const KEYS_AT_ONCE = 100;

/** What was cleared away. */
export interface Removed {
  objects: number;
  multipartUploads: number;
}

/** Before every step: throws when the run is not to go on. */
export type MayGoOn = () => Promise<void>;

/**
 * Clears away what a survey has found to belong to nobody. Every object is looked up again and condemned in one
 * transaction before it goes; what could not be removed, or was condemned by a process that died, is removed by way of the
 * outbox, so that a run that is cut short leaves nothing half done.
 */
@Injectable()
export class Removal {
  constructor(
    private readonly store: ReconcileStore,
    private readonly condemned: CondemnedStore,
    private readonly storages: BoundStorages,
    private readonly purge: ObjectPurge,
    private readonly expiry: UploadExpiry,
  ) {}

  async run(survey: Survey, removed: Removed, mayGoOn: MayGoOn, signal: AbortSignal): Promise<void> {
    for (const [{ tenantId, bindingId }, orphans] of byPlace(survey.candidates)) {
      for (let start = 0; start < orphans.length; start += KEYS_AT_ONCE) {
        await mayGoOn();
        const keys = orphans.slice(start, start + KEYS_AT_ONCE).map(({ objectKey }) => objectKey);
        const entries = await this.condemned.condemn(tenantId, bindingId, keys);
        removed.objects += (await this.purge.remove(tenantId, entries, signal)).length;
      }
    }
    for (const [place, uploads] of byPlace(survey.abortable)) {
      await mayGoOn();
      removed.multipartUploads += await this.abort(place, uploads);
    }
    for (const tenantId of new Set(survey.stale.shown.map((upload) => upload.tenantId))) {
      await mayGoOn();
      while (await this.expiry.run(tenantId)) await mayGoOn();
      while (await this.purge.run(tenantId, signal)) await mayGoOn();
    }
  }

  private async abort({ tenantId, bindingId }: Place, uploads: Survey['abortable']): Promise<number> {
    const { multipart } = await this.storages.open(tenantId, bindingId);
    const uploading = new Set(
      await this.store.listUploading(
        tenantId,
        uploads.map(({ objectKey }) => objectKey),
      ),
    );
    let count = 0;
    for (const { objectKey, multipartId } of uploads) {
      if (multipart === null || uploading.has(objectKey)) continue;
      await multipart.abort(parseObjectKey(objectKey), multipartId);
      count += 1;
    }
    return count;
  }
}

function byPlace<T extends Place>(items: readonly T[]): [Place, T[]][] {
  const places = new Map<string, [Place, T[]]>();
  for (const item of items) {
    const { tenantId, bindingId } = item;
    const name = `${tenantId}\n${bindingId ?? ''}`;
    const found = places.get(name) ?? [{ tenantId, bindingId }, []];
    places.set(name, found);
    found[1].push(item);
  }
  return [...places.values()];
}
