import { parseCursor, Sealer, toPage, type Page, type PageRequest, type Principal } from '#kernel';
import { TenantErrors, TenantService } from '#tenant';
import { Injectable } from '@nestjs/common';

import { PresignErrors } from './presign.errors.js';
import { makeSealedKey, SigningKeyService } from './signing-key.service.js';
import { SigningKeyStore, type SigningKeyRow } from './signing-key.store.js';

/** Links have two bytes for the number of their key. */
const MAX_KEY_ID = 65_535;
const KEY_ID = /^[1-9]\d{0,4}$/;

/**
 * Tenants' signing keys, as those who answer for them see them. They sign for the whole tenant: a caller narrowed to some
 * sub-tenants is refused (`sub_tenant_forbidden`). The keys themselves are shown to nobody.
 */
@Injectable()
export class SigningKeyRotation {
  constructor(
    private readonly store: SigningKeyStore,
    private readonly keys: SigningKeyService,
    private readonly sealer: Sealer,
    private readonly tenants: TenantService,
  ) {}

  /** The newest first, retired ones too. A tenant that has signed nothing has none yet. */
  async list(caller: Principal, tenantId: string, request: PageRequest): Promise<Page<SigningKeyRow>> {
    await this.assertOwner(caller, tenantId);
    const before = request.cursor === undefined ? null : parseCursor(request.cursor, isKeyId)[0];
    const rows = await this.store.list(tenantId, Number(before ?? MAX_KEY_ID + 1), request.limit + 1);
    return toPage(rows, request.limit, (row) => [String(row.keyId)]);
  }

  /**
   * Makes a key that signs from now on: here with the commit, on other gateways within a second. What the ones before have
   * signed stays good until it ends by itself. Throws `signing_keys_exhausted`.
   */
  async rotate(caller: Principal, tenantId: string): Promise<SigningKeyRow> {
    await this.assertOwner(caller, tenantId);
    // Whoever signs for the first time at this moment makes the first key, which is none to add.
    await this.keys.getCurrent(tenantId);
    return await this.store.add(tenantId, (keyId) => {
      if (keyId > MAX_KEY_ID) throw PresignErrors.keysExhausted();
      return makeSealedKey(this.sealer, tenantId, keyId);
    });
  }

  /** Ends everything that a key has signed, as soon as {@link rotate} is in force. Throws `signing_key_current`, `signing_key_not_found`. */
  async retire(caller: Principal, tenantId: string, keyId: string): Promise<void> {
    await this.assertOwner(caller, tenantId);
    const outcome = isKeyId(keyId) ? await this.store.retire(tenantId, Number(keyId)) : 'absent';
    if (outcome === 'current') throw PresignErrors.keyCurrent();
    if (outcome === 'absent') throw PresignErrors.keyNotFound();
  }

  private async assertOwner({ tenant }: Principal, tenantId: string): Promise<void> {
    if (tenant !== null && tenant.subTenantIds !== null) throw TenantErrors.subForbidden();
    await this.tenants.get(tenantId);
  }
}

function isKeyId(text: string): boolean {
  return KEY_ID.test(text) && Number(text) <= MAX_KEY_ID;
}
