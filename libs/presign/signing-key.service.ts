import { andThen, type MaybePromise, Sealer } from '#kernel';
import { Injectable } from '@nestjs/common';
import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';

import { SigningKeyStore, type SealedCurrentKey, type SealedSigningKey } from './signing-key.store.js';

/** A key ready for use. */
export interface SigningKey {
  readonly tenantKey: string;
  readonly keyId: number;
  readonly key: KeyObject;
}

/** The key that signs now. Whole seconds since 1970. */
export interface CurrentSigningKey extends SigningKey {
  /** The present time by the clock of the database. */
  readonly nowSeconds: number;
  /** The newest mark there is: what says that it was issued before it has ended, or may have. It may lie a second ahead. */
  readonly markedUntil: number;
}

const KEY_LENGTH = 32;
const FIRST_KEY_ID = 1;
const MAX_OPENED = 10_000;

/** Tenants' signing keys: made at first use, sealed at rest, opened once per process. */
@Injectable()
export class SigningKeyService {
  /** Opened keys by tenant key and key id, the first to be opened first, each with what it was opened from. */
  private readonly opened = new Map<string, { readonly sealed: Buffer; readonly key: KeyObject }>();
  /** The same by what they were opened from, where that is cached and so comes again. */
  private readonly openedFrom = new WeakMap<Buffer, KeyObject>();

  constructor(
    private readonly store: SigningKeyStore,
    private readonly sealer: Sealer,
  ) {}

  /** The key that signs a tenant's links now. */
  getCurrent(tenantId: string): MaybePromise<CurrentSigningKey> {
    return andThen(this.store.findCurrent(tenantId), (found) =>
      found === null ? this.makeFirst(tenantId) : this.openCurrent(found),
    );
  }

  private async makeFirst(tenantId: string): Promise<CurrentSigningKey> {
    await this.store.ensureFirst(tenantId, makeSealedKey(this.sealer, tenantId, FIRST_KEY_ID));
    const found = await this.store.findCurrent(tenantId);
    if (found === null) throw new Error('The tenant has no signing key and none could be made.');
    return this.openCurrent(found);
  }

  private openCurrent(found: SealedCurrentKey): CurrentSigningKey {
    const { nowSeconds, markedUntil } = found;
    const { tenantKey, keyId, key } = this.open(found);
    return { tenantKey, keyId, key, nowSeconds: Math.floor(nowSeconds), markedUntil };
  }

  /** The key a link names, for verification; null when there is none or it is retired. */
  find(tenantKey: string, keyId: number): MaybePromise<SigningKey | null> {
    return andThen(this.store.findByTenantKey(tenantKey, keyId), (found) =>
      found === null ? null : this.open(found),
    );
  }

  private open(found: SealedSigningKey): SigningKey {
    const { tenantKey, keyId, sealed } = found;
    let key = this.openedFrom.get(sealed);
    if (key === undefined) this.openedFrom.set(sealed, (key = this.unseal(found)));
    return { tenantKey, keyId, key };
  }

  private unseal({ tenantId, tenantKey, keyId, sealed }: SealedSigningKey): KeyObject {
    const id = `${tenantKey}:${keyId}`;
    const known = this.opened.get(id);
    // A key that was seen inside a transaction which came to nothing is not the one that is stored since.
    if (known?.sealed.equals(sealed) === true) return known.key;
    const key = createSecretKey(this.sealer.open(sealed, place(tenantId, keyId)));
    this.opened.set(id, { sealed, key });
    const oldest = this.opened.keys().next().value;
    if (this.opened.size > MAX_OPENED && oldest !== undefined) this.opened.delete(oldest);
    return key;
  }
}

/** A new key, as it is stored. */
export function makeSealedKey(sealer: Sealer, tenantId: string, keyId: number): Buffer {
  return sealer.seal(randomBytes(KEY_LENGTH), place(tenantId, keyId));
}

/** What a sealed key is bound to. */
function place(tenantId: string, keyId: number): string {
  return `signing-key:${tenantId}:${keyId}`;
}
