import { Clock, CodedError, type Principal, type Scope } from '#kernel';
import { TenantContextService } from '#tenant';
import { Injectable } from '@nestjs/common';

import { AccessPolicy } from './access-policy.js';
import { isWithin } from './address-range.js';
import { AuthErrors } from './auth.errors.js';
import { tokenPrincipal } from './token-principal.js';
import { TokenService } from './token.service.js';

/** What somebody wants to know about a token. */
export interface AccessQuestion {
  readonly tokenId: string;
  readonly action: Scope;
  /** Where it would act; null is the default sub-tenant. */
  readonly subTenantId: string | null;
  /** Where it would come from; null leaves the token's addresses out. */
  readonly address: string | null;
}

/** Why a token may not do something: what it would be answered. */
export interface Refusal {
  /** The error's stable name. */
  readonly code: string;
  readonly message: string;
}

/**
 * Says whether a token may do something, by asking what a request of the token's would be asked on its way, in the same
 * order: the credential, the policy, the tenant. Nothing is done, and the token is not used.
 */
@Injectable()
export class AccessCheckService {
  constructor(
    private readonly tokens: TokenService,
    private readonly policy: AccessPolicy,
    private readonly tenants: TenantContextService,
    private readonly clock: Clock,
  ) {}

  /** Null when it may. Throws `token_not_found` for a token that the caller may not see; revoked ones are none. */
  async find(caller: Principal, tenantId: string, question: AccessQuestion): Promise<Refusal | null> {
    const token = await this.tokens.get(caller, tenantId, question.tokenId);
    try {
      await this.assertMay(tokenPrincipal(token), tenantId, question);
      return null;
    } catch (error) {
      // What cannot be found out now is no answer.
      if (!(error instanceof CodedError) || error.kind.status >= 500) throw error;
      return { code: error.kind.code, message: error.message };
    }
  }

  private async assertMay(
    principal: Principal,
    tenantId: string,
    { action, subTenantId, address }: AccessQuestion,
  ): Promise<void> {
    const { expiresAt, ipRanges } = principal;
    if (expiresAt !== null && expiresAt <= this.clock.now()) throw AuthErrors.invalid();
    if (ipRanges !== null && address !== null && !isWithin(address, ipRanges)) throw AuthErrors.invalid();
    const { allowed } = await this.policy.decide({ principal, anyOf: [action] });
    if (!allowed) throw AuthErrors.scope([action]);
    await this.tenants.enterAt(principal, tenantId, subTenantId);
  }
}
