import type { OnApplicationBootstrap } from '@nestjs/common';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import type { BoundStorages, DefaultBinding } from './bound-storages.js';
import { StorageProbe } from './storage-probe.js';

/** What the operator has configured for tenants that have no storage of their own. */
export interface OperatorDefault extends DefaultBinding {
  /** Make the bucket or container at start when it is absent. */
  readonly create: boolean;
}

/** The operator's default storage cannot be used; the message says why and which settings to look at. */
export class DefaultStorageError extends Error {}

/** Refuses to start with a default storage that does not do what it has to. The data folder is looked at when it opens. */
export class DefaultStorageCheck implements OnApplicationBootstrap {
  constructor(
    private readonly storages: BoundStorages,
    private readonly byDefault: OperatorDefault,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { place, credentials, create } = this.byDefault;
    if (place.adapter === 'filesystem') return;
    // Where the operator's own storage is, is the operator's business.
    const agents = { http: new HttpAgent(), https: new HttpsAgent() };
    const { steps, failure } = await new StorageProbe(this.storages, agents).run({
      place: { ...place, create },
      credentials: credentials?.reveal() ?? null,
      keyPrefix: 'gatehold-probe',
      operatorOwned: true,
    });
    if (failure === null) return;
    const failed = steps.find(({ ok }) => ok === false);
    throw new DefaultStorageError(
      `The default storage cannot be used: it was tried out and failed at "${failed?.step ?? ''}". ` +
        `${failed?.reason ?? ''} Look at the GATEHOLD_STORAGE_ settings.`,
      { cause: failure },
    );
  }
}
