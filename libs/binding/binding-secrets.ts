import { validationFailed } from '#http';
import type { Principal, Sealer, Secret } from '#kernel';

import type { BindingWish } from './binding-wish.js';
import { sealCredentials, type DefaultBinding } from './bound-storages.js';
import { StorageBindingErrors } from './storage-binding.errors.js';
import type { BindingCredentials, BindingPlace } from './storage-binding.js';

/** Which credentials a binding gets, and how they are kept. */
export class BindingSecrets {
  constructor(
    private readonly sealer: Sealer,
    private readonly byDefault: DefaultBinding,
  ) {}

  /**
   * The credentials of a new binding; null where the adapter needs none. What belongs to the operator (the data folder,
   * and the default storage's credentials, for a binding that brings none) only the platform may give, and the
   * credentials only to the very server that they are for.
   */
  choose(caller: Principal, { place, credentials }: BindingWish): Secret<BindingCredentials> | null {
    const isPlatform = caller.tenant === null;
    if (place.adapter === 'filesystem') {
      if (!isPlatform) throw StorageBindingErrors.filesystem();
      return null;
    }
    if (credentials !== null) return credentials;
    if (!isPlatform) throw StorageBindingErrors.credentials();
    if (this.byDefault.credentials !== null && isSameServer(place, this.byDefault.place))
      return this.byDefault.credentials;
    const message = 'is required: the default storage of the operator is not on this server';
    throw validationFailed([{ field: 'credentials', code: 'missing', message }]);
  }

  /** Seals them for one binding of one tenant; nothing else opens them. */
  seal(credentials: Secret<BindingCredentials> | null, tenantId: string, bindingId: string): Buffer | null {
    return sealCredentials(this.sealer, credentials?.reveal() ?? null, tenantId, bindingId);
  }
}

function isSameServer(one: BindingPlace, other: BindingPlace): boolean {
  return one.adapter === other.adapter && one.profile === other.profile && one.endpoint === other.endpoint;
}
