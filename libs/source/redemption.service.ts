import { isWithin } from '#auth';
import type { GatewayReply, GatewayRequest } from '#http';
import { andThen, type MaybePromise } from '#kernel';
import { Limiter } from '#limits';
import { LinkService, PresignErrors, type LinkClaims } from '#presign';
import { Injectable } from '@nestjs/common';

import { RedemptionStore, type Redemption } from './redemption.store.js';

/** A link that is good now, and the source behind it. */
export interface RedeemedLink {
  readonly claims: LinkClaims;
  readonly source: Redemption;
}

/** Decides whether a link still opens its source. */
@Injectable()
export class RedemptionService {
  constructor(
    private readonly links: LinkService,
    private readonly store: RedemptionStore,
    private readonly limiter: Limiter,
  ) {}

  /**
   * Throws `link_invalid` for what was not signed here, `link_gone` for what has ended in any way, and what the limits of
   * a link refuse: `link_address_not_allowed`, `link_not_yet_valid`, `link_used_up`. The request counts against the limits
   * of the tenant and of the token that issued the link, and is refused by those as well.
   */
  redeem(text: string, request: GatewayRequest, reply: GatewayReply): MaybePromise<RedeemedLink> {
    return andThen(this.links.verify(text, request.ip), (claims) =>
      andThen(this.store.find(claims), (found) =>
        this.admit({ claims, source: assertStands(found, claims) }, request, reply),
      ),
    );
  }

  private admit(
    redeemed: RedeemedLink,
    request: GatewayRequest,
    reply: GatewayReply,
  ): MaybePromise<RedeemedLink> {
    const { tenantId, tenantLimits, issuerId: tokenId, issuerLimits: tokenLimits } = redeemed.source;
    const limited = { tenantId, tenantLimits, tokenId, tokenLimits };
    return andThen(this.limiter.admit(request, reply, limited), () => {
      assertWithinLimits(redeemed.source, request.ip);
      return redeemed;
    });
  }

  /** The source behind verified claims as it is now, if everything they depend on still stands. */
  async standing(claims: LinkClaims): Promise<Redemption> {
    return assertStands(await this.store.findFresh(claims), claims);
  }
}

function assertStands(found: Redemption | null, claims: LinkClaims): Redemption {
  if (found === null || !stands(found, claims)) throw PresignErrors.gone();
  return found;
}

/** Whoever comes from elsewhere is told nothing more of the link. */
function assertWithinLimits({ ipRanges, opensAt, usedUp }: Redemption, address: string): void {
  if (ipRanges !== null && !isWithin(address, ipRanges)) throw PresignErrors.address();
  if (opensAt !== null) throw PresignErrors.early(opensAt);
  if (usedUp) throw PresignErrors.usedUp();
}

function stands(found: Redemption, claims: LinkClaims): boolean {
  const managedRowStands = claims.kind === 'stateless' || (found.linkId !== null && !found.linkRevoked);
  return (
    managedRowStands &&
    !found.isMarked &&
    found.tokenLives &&
    found.tenantStatus === 'active' &&
    found.subTenantStatus === 'active' &&
    // The id may have been deleted and made again: that is another source.
    found.createdAt.getTime() === claims.sourceCreatedAt.getTime()
  );
}
