import { BoundStorages } from '#binding';
import { CodedError, CommonErrors } from '#kernel';
import type { ObjectStorage } from '#storage';
import { Injectable } from '@nestjs/common';

import { PlaceSurvey, type SurveyedPlace } from './place-survey.js';
import { ReconcileStore, type KnownBinding } from './reconcile.store.js';
import { reasonOf, RunAborted, type RunOptions } from './run.js';
import { Survey } from './survey.js';

const STALE_SHOWN = 1_000;
/** The operator's storages of before; nobody has had so many. */
const MOST_DEFAULTS = 1_000;

/** A place that cannot be compared, because of its storage; the message says which and why, to an operator. */
export class PlaceUnreadable extends RunAborted {}

/** Where a tenant's objects are, or may have been. */
type Binding = Omit<KnownBinding, 'bindingId'> & { readonly bindingId: string | null };

/** Compares all rows of a tenant with all of its objects, wherever they are. */
@Injectable()
export class TenantSurveyor {
  constructor(
    private readonly store: ReconcileStore,
    private readonly storages: BoundStorages,
  ) {}

  /**
   * Looks at the tenant's own storages, the operator's and the data folder, those of before too. Null for a tenant that is
   * gone or going, before or meanwhile. Throws {@link PlaceUnreadable} when one of them cannot be read or knows another
   * time than the database; one of before that no row names any more is passed over then. Whatever is thrown, nothing that
   * was seen until then may be relied on.
   */
  async survey(
    tenantId: string,
    options: Pick<RunOptions, 'graceSeconds' | 'maxRemovals' | 'signal'>,
    onPage: (survey: Survey) => void,
  ): Promise<Survey | null> {
    const tenant = await this.findLive(tenantId);
    if (tenant === null) return null;
    const survey = new Survey(options.maxRemovals);
    const { graceSeconds, signal } = options;
    try {
      for (const binding of await this.listBindings(tenantId)) {
        const place = { tenantId, tenantKey: tenant.tenantKey, bindingId: binding.bindingId };
        const storage = await this.open(place, binding);
        if (storage === null) continue;
        const asked = { graceSeconds, signal, onPage: () => onPage(survey) };
        const look = new PlaceSurvey(this.store, place, storage, survey, asked);
        await look.run().catch((error: unknown) => {
          throw unreadable(place, error);
        });
      }
      await this.addStale(tenantId, survey);
      return survey;
    } catch (error) {
      // Its storages close to us when it is erased under our hands.
      if (!signal.aborted && (await this.findLive(tenantId)) === null) return null;
      throw error;
    }
  }

  private async findLive(tenantId: string) {
    const tenant = await this.store.findTenant(tenantId);
    return tenant === null || tenant.status === 'deleting' ? null : tenant;
  }

  private async listBindings(tenantId: string): Promise<Binding[]> {
    const own = await this.store.listBindings(tenantId);
    const defaultId = await this.storages.getDefaultId();
    const before = (await this.store.listPlatformBindings(MOST_DEFAULTS)).filter((id) => id !== defaultId);
    const operators = [...new Set([defaultId, null, ...before])];
    return [...own, ...operators.map((bindingId) => ({ bindingId, isCurrent: bindingId === defaultId }))];
  }

  /** Null for a storage of before that cannot be opened, or listed, and in which no row has anything. */
  private async open(place: SurveyedPlace, { bindingId, isCurrent }: Binding): Promise<ObjectStorage | null> {
    try {
      return await this.storages.open(place.tenantId, bindingId);
    } catch (error) {
      if (!isCurrent && !(await this.store.isNamed(place.tenantId, bindingId))) return null;
      throw unreadable(place, error);
    }
  }

  private async addStale(tenantId: string, survey: Survey): Promise<void> {
    const { uploads, count } = await this.store.listStaleUploads(tenantId, STALE_SHOWN);
    for (const upload of uploads) survey.stale.add(upload);
    survey.stale.addUnseen(count - uploads.length);
  }
}

/** What the database fails with, and what nobody foresaw, is nothing that a storage is to blame for. */
function unreadable({ tenantId, bindingId }: SurveyedPlace, error: unknown): unknown {
  const isDatabase = CodedError.is(error, CommonErrors.unavailable);
  if (isDatabase || !(error instanceof CodedError || error instanceof RunAborted)) return error;
  const where = bindingId === null ? 'the data folder' : `the storage ${bindingId}`;
  return new PlaceUnreadable(`tenant ${tenantId}, ${where}: ${reasonOf(error)}`, { cause: error });
}
