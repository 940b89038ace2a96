import { BoundStorages } from '#binding';
import { CodedError, CommonErrors } from '#kernel';
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

/** What a survey is told. */
type SurveyOptions = Pick<RunOptions, 'graceSeconds' | 'maxRemovals' | 'signal'>;

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
    options: SurveyOptions,
    onPage: (survey: Survey) => void,
  ): Promise<Survey | null> {
    const tenant = await this.findLive(tenantId);
    if (tenant === null) return null;
    const survey = new Survey(options.maxRemovals);
    const { signal } = options;
    try {
      for (const binding of await this.listBindings(tenantId)) {
        const place = { tenantId, tenantKey: tenant.tenantKey, bindingId: binding.bindingId };
        survey.include(await this.surveyPlace(place, binding, { ...options, onPage }));
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

  /** Sees nothing in a storage of before that cannot be read, if no row has anything there. */
  private async surveyPlace(
    place: SurveyedPlace,
    { isCurrent }: Binding,
    options: SurveyOptions & { readonly onPage: (survey: Survey) => void },
  ): Promise<Survey> {
    const survey = new Survey(options.maxRemovals);
    const { tenantId, bindingId } = place;
    const { graceSeconds, signal } = options;
    try {
      const storage = await this.storages.open(tenantId, bindingId);
      const onPage = (): void => options.onPage(survey);
      await new PlaceSurvey(this.store, place, storage, survey, { graceSeconds, signal, onPage }).run();
      return survey;
    } catch (error) {
      const failure = unreadable(place, error);
      const isNobodys = failure instanceof PlaceUnreadable && !isCurrent && !signal.aborted;
      if (isNobodys && !(await this.store.isNamed(tenantId, bindingId))) return new Survey(0);
      throw failure;
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
