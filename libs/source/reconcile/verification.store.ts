import { assertNamed, PlatformDatabase, TenantDatabase } from '#database';
import { newUuid } from '#kernel';
import { Injectable } from '@nestjs/common';

import type { CorruptObject } from './findings.js';

/** A source whose object is to be read. */
export interface VerifiedSource {
  readonly sourceId: string;
  readonly subTenantId: string;
  readonly bindingId: string | null;
  readonly objectKey: string;
  readonly sizeBytes: number;
  /** Hex. */
  readonly checksumSha256: string;
}

/** How far a round has come with a tenant. */
export interface VerificationPosition {
  readonly afterSourceId: string | null;
  readonly finished: boolean;
  /** What the round has found to differ so far; a thousand at most. */
  readonly corrupt: readonly CorruptObject[];
}

/** What a step of a round adds. */
export interface VerificationStep {
  /** The last source that was read; null for none. */
  readonly afterSourceId: string | null;
  readonly finished: boolean;
  readonly corrupt: readonly CorruptObject[];
}

/** Database access for the reading of all objects: rounds, and the position in them, which outlives the process. */
@Injectable()
export class VerificationStore {
  constructor(
    private readonly database: TenantDatabase,
    private readonly platform: PlatformDatabase,
  ) {}

  /**
   * The round over all tenants that is under way, or else a new one, unless the last one began less than so many seconds
   * ago: null then.
   */
  async ensureRound(secondsBetween: number): Promise<string | null> {
    await this.platform.query({ ...BEGIN_ROUND, values: [newUuid(), secondsBetween] });
    const { rows } = await this.platform.query<{ roundId: string | null }>({ ...ROUND, values: [] });
    return rows[0]?.roundId ?? null;
  }

  /** Says that a round has come to its end. */
  async finishRound(roundId: string): Promise<void> {
    assertNamed({ roundId });
    await this.platform.query({ ...FINISH_ROUND, values: [roundId] });
  }

  /** The tenant's own round that is under way, or a new one's id. */
  async findTenantRound(tenantId: string): Promise<string | null> {
    const { rows } = await this.database.query<{ roundId: string }>(tenantId, {
      ...TENANT_ROUND,
      values: [tenantId],
    });
    return rows[0]?.roundId ?? null;
  }

  /** Null when the round has not come to the tenant yet. */
  async findPosition(tenantId: string, roundId: string): Promise<VerificationPosition | null> {
    const values = [tenantId, roundId];
    return (
      (await this.database.query<VerificationPosition>(tenantId, { ...POSITION, values })).rows[0] ?? null
    );
  }

  /** Available sources behind a position, in the order that rounds go through them. */
  async listSources(
    tenantId: string,
    afterSourceId: string | null,
    limit: number,
  ): Promise<VerifiedSource[]> {
    const values = [tenantId, afterSourceId, limit];
    return (await this.database.query<VerifiedSource>(tenantId, { ...SOURCES, values })).rows;
  }

  /** Keeps a position, and what was found on the way there. A tenant that is gone is none to keep anything of. */
  async advance(tenantId: string, roundId: string, step: VerificationStep): Promise<void> {
    const { afterSourceId, finished, corrupt } = step;
    const values = [tenantId, roundId, afterSourceId, finished, JSON.stringify(corrupt)];
    await this.database.query(tenantId, { ...ADVANCE, values });
  }
}

const BEGIN_ROUND = {
  name: 'begin-verification',
  text: `INSERT INTO platform_settings AS p (name, value)
VALUES ('verification', json_build_object('round', $1::uuid, 'begun', now(), 'finished', false)::text)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
WHERE (p.value::json->>'finished')::boolean
  AND (p.value::json->>'begun')::timestamptz <= now() - make_interval(secs => $2)`,
};
const ROUND = {
  name: 'verification-round',
  text: `SELECT value::json->>'round' AS "roundId" FROM platform_settings
WHERE name = 'verification' AND NOT (value::json->>'finished')::boolean`,
};
const FINISH_ROUND = {
  name: 'finish-verification',
  text: `UPDATE platform_settings SET value = jsonb_set(value::jsonb, '{finished}', 'true')::text
WHERE name = 'verification' AND value::json->>'round' = $1::uuid::text`,
};
const TENANT_ROUND = {
  name: 'verification-round-of-tenant',
  text: 'SELECT round_id AS "roundId" FROM verifications WHERE tenant_id = $1 AND NOT finished',
};
const POSITION = {
  name: 'verification-position',
  text: `SELECT after_source_id AS "afterSourceId", finished, corrupt FROM verifications
WHERE tenant_id = $1 AND round_id = $2::uuid`,
};
const SOURCES = {
  name: 'sources-to-verify',
  text: `SELECT source_id AS "sourceId", sub_tenant_id AS "subTenantId", binding_id AS "bindingId",
  object_key AS "objectKey", size_bytes::float8 AS "sizeBytes", encode(checksum_sha256, 'hex') AS "checksumSha256"
FROM sources WHERE tenant_id = $1 AND source_id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
  AND status = 'available' ORDER BY source_id LIMIT $3`,
};
const ADVANCE = {
  name: 'advance-verification',
  text: `INSERT INTO verifications AS v (tenant_id, round_id, after_source_id, finished, corrupt)
SELECT tenant_id, $2::uuid, $3::uuid, $4, $5::jsonb FROM tenants WHERE tenant_id = $1
ON CONFLICT (tenant_id) DO UPDATE SET round_id = excluded.round_id, finished = excluded.finished, updated_at = now(),
  after_source_id = CASE WHEN v.round_id = excluded.round_id
    THEN coalesce(excluded.after_source_id, v.after_source_id) ELSE excluded.after_source_id END,
  corrupt = CASE WHEN v.round_id <> excluded.round_id THEN excluded.corrupt
    WHEN jsonb_array_length(v.corrupt) >= 1000 THEN v.corrupt ELSE v.corrupt || excluded.corrupt END`,
};
