import { TenantDatabase } from '#database';
import { Injectable } from '@nestjs/common';

/** That a token was used. */
export interface TokenUse {
  readonly tokenId: string;
  readonly at: Date;
  /** Null when it is not known. */
  readonly address: string | null;
}

/** When tokens were used. */
@Injectable()
export class TokenUseStore {
  constructor(private readonly database: TenantDatabase) {}

  /** Writes the last uses of some of a tenant's tokens, by one statement; one that is known to be later stays. */
  async record(tenantId: string, uses: readonly TokenUse[]): Promise<void> {
    const values = [
      tenantId,
      uses.map(({ tokenId }) => tokenId),
      uses.map(({ at }) => at),
      uses.map(({ address }) => address),
    ];
    await this.database.query(tenantId, { ...RECORD, values });
  }
}

/** Rows are locked in the order of their ids: several gateways may write the uses of the same tokens at once. */
const RECORD = {
  name: 'record-token-uses',
  text: `
WITH uses AS (
  SELECT k.token_id, u.at, u.address
  FROM unnest($2::uuid[], $3::timestamptz[], $4::text[]) AS u (token_id, at, address)
  JOIN tokens k ON k.tenant_id = $1 AND k.token_id = u.token_id
  WHERE k.last_used_at IS NULL OR k.last_used_at < u.at
  ORDER BY k.token_id FOR NO KEY UPDATE OF k
)
UPDATE tokens k SET last_used_at = u.at, last_used_address = u.address
FROM uses u WHERE k.tenant_id = $1 AND k.token_id = u.token_id`,
};
