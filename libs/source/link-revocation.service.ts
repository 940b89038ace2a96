import { AuthErrors } from '#auth';
import { validationFailed } from '#http';
import { Clock, type Principal } from '#kernel';
import { MARKS_SOURCE, MARKS_SUB_TENANT, MARKS_TENANT, MARKS_TOKEN } from '#presign';
import { TenantErrors } from '#tenant';
import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';

import { LinkMarkStore } from './link-mark.store.js';
import { SourceErrors } from './source.errors.js';

/** Timers may fire a little early. */
const MARGIN_MS = 5;

/** Whose links are meant. */
export type LinksOf =
  | { readonly of: 'tenant'; readonly id: null }
  | { readonly of: 'source' | 'token' | 'sub_tenant'; readonly id: string };

/** Links that have ended, and the moment that they were issued before. */
export type LinkRevocation = LinksOf & { readonly issuedBefore: Date };

/** Ends links by when they were issued, whether or not they have a row. */
@Injectable()
export class LinkRevocationService {
  constructor(
    private readonly store: LinkMarkStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Ends what was issued before a moment (null: this one), with the commit, on every gateway. Resolves when what is issued
   * from now on is good, which takes until the second is over that the moment lies in. A caller narrowed to some
   * sub-tenants ends links to what it reaches and no others (`sub_tenant_forbidden`). Throws `source_not_found`,
   * `token_not_found`, `sub_tenant_not_found`, `tenant_not_found`, `validation_failed` for a moment to come.
   */
  async revoke(
    caller: Principal,
    tenantId: string,
    links: LinksOf,
    issuedBefore: Date | null,
  ): Promise<LinkRevocation> {
    if (issuedBefore !== null && issuedBefore > this.clock.now())
      throw validationFailed([
        { field: 'issued_before', code: 'invalid', message: 'must not lie in the future' },
      ]);
    const found = await this.find(caller.tenant?.subTenantIds ?? null, tenantId, links);
    const mark = await this.store.put(tenantId, targetOf(found), issuedBefore);
    if (mark.aheadSeconds > 0) await delay(Math.ceil(mark.aheadSeconds * 1_000) + MARGIN_MS);
    return { ...found, issuedBefore: mark.issuedBefore };
  }

  private async find(reach: readonly string[] | null, tenantId: string, links: LinksOf): Promise<LinksOf> {
    if (links.of === 'source') {
      const place = await this.store.findPlaceOf(tenantId, links.id);
      if (place === null || reach?.includes(place) === false) throw SourceErrors.notFound();
      return { of: links.of, id: links.id.toLowerCase() };
    }
    if (links.of === 'sub_tenant') {
      const id = await this.store.findSubTenant(tenantId, links.id);
      if (reach !== null && (id === null || !reach.includes(id))) throw TenantErrors.subForbidden();
      if (id === null) throw TenantErrors.subNotFound();
      return { of: links.of, id };
    }
    // A token's links may be to any sub-tenant, as the tenant's are.
    if (reach !== null) throw TenantErrors.subForbidden();
    if (links.of === 'tenant') return links;
    if (!(await this.store.isToken(tenantId, links.id))) throw AuthErrors.tokenNotFound();
    return { of: links.of, id: links.id.toLowerCase() };
  }
}

function targetOf({ of, id }: LinksOf): string {
  return of === 'tenant' ? MARKS_TENANT : `${PREFIXES[of]}${id}`;
}

const PREFIXES = { source: MARKS_SOURCE, token: MARKS_TOKEN, sub_tenant: MARKS_SUB_TENANT } as const;
