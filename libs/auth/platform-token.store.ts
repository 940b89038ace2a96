import { type CachedQuery, PLATFORM_TAG, PlatformDatabase } from '#database';
import { type MaybePromise, newUuid } from '#kernel';
import { Injectable } from '@nestjs/common';

/** Database access for the platform's own tokens. */
@Injectable()
export class PlatformTokenStore {
  private readonly lookUp: CachedQuery<[hash: Buffer], string | null>;

  constructor(private readonly database: PlatformDatabase) {
    this.lookUp = database.cachedQuery({
      name: 'platform-token',
      key: (hash) => hash.toString('latin1'),
      read: async (hash) =>
        (await database.query<{ id: string }>({ ...LIVE, values: [hash] })).rows[0]?.id ?? null,
      dependsOn: () => [PLATFORM_TAG],
    });
  }

  /**
   * Makes the token with this hash the one root token: others of that name are revoked, and with them the links they
   * issued. Repeated, it changes nothing. Answers the token's id.
   */
  async ensureRoot(hash: Buffer): Promise<string> {
    await this.database.query({ ...ENSURE_ROOT, values: [newUuid(), hash] });
    await this.database.query({ ...REVOKE_OTHERS, values: [hash] });
    const id = await this.findLive(hash);
    if (id === null) throw new Error('The root token could not be registered.');
    return id;
  }

  /** Id of the live platform token with this hash, or null. Cached. */
  findLive(hash: Buffer): MaybePromise<string | null> {
    return this.lookUp(hash);
  }
}

const ENSURE_ROOT = {
  name: 'ensure-root-token',
  text: `
INSERT INTO platform_tokens (token_id, token_hash, name) VALUES ($1, $2, 'root')
ON CONFLICT (token_hash) DO UPDATE SET revoked_at = NULL`,
};
const REVOKE_OTHERS = {
  name: 'revoke-other-root-tokens',
  text: `UPDATE platform_tokens SET revoked_at = now() WHERE name = 'root' AND token_hash <> $1 AND revoked_at IS NULL`,
};
const LIVE = {
  name: 'live-platform-token',
  text: 'SELECT token_id AS id FROM platform_tokens WHERE token_hash = $1 AND revoked_at IS NULL',
};
