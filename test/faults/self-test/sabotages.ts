import { open, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { revokeToken } from '../operations/revoke-token.js';
import { STALE_MS } from '../staleness.js';
import { look } from '../workload/look.js';
import type { Sabotage } from './sabotage.js';
import { UPLOAD_SABOTAGES } from './upload-sabotages.js';

/** At least one for each invariant. */
export const SABOTAGES: readonly Sabotage[] = [
  {
    invariant: 'I1',
    name: 'the row of a source is lost',
    async commit(scene) {
      const { owner, sourceId } = await scene.victim();
      await scene.changeRow('DELETE FROM sources WHERE tenant_id = $1 AND source_id = $2', [
        owner.tenantId,
        sourceId,
      ]);
    },
  },
  {
    invariant: 'I1',
    name: 'a byte of an object is another',
    async commit(scene) {
      await flip(scene.place.fileOf((await scene.victim()).objectKey), WRITE_BIT);
    },
  },
  {
    invariant: 'I2',
    name: 'a client reads an object of which a byte is another',
    async commit(scene) {
      const { owner, objectKey, externalId } = await scene.victim();
      await flip(scene.place.fileOf(objectKey), WRITE_BIT);
      const turn = scene.turn('read', owner);
      const call = turn.call('GET', `/v1/sources/${externalId}/content`);
      await look(turn, { subject: `${owner.code}/${externalId}`, via: 'content', call });
    },
  },
  {
    invariant: 'I3',
    name: 'an object is a byte shorter',
    async commit(scene) {
      const { objectKey, sizeBytes } = await scene.victim();
      await truncate(scene.place.fileOf(objectKey), sizeBytes - 1);
    },
  },
  {
    invariant: 'I4',
    name: 'an object is there that no row names',
    async commit(scene) {
      const { objectKey } = await scene.victim();
      const path = scene.place.fileOf(objectKey.replace(/[^/]+$/, '01a22443-d8aa-7d36-b855-fabb2bced2d6'));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, 'nobody’s');
    },
  },
  {
    invariant: 'I4',
    name: 'a temporary file is left behind',
    async commit(scene) {
      const { objectKey } = await scene.victim();
      await writeFile(`${dirname(scene.place.fileOf(objectKey))}/.left-behind`, 'half');
    },
  },
  {
    invariant: 'I5',
    name: 'an object is removed that a source needs',
    async commit(scene) {
      await rm(scene.place.fileOf((await scene.victim()).objectKey));
    },
  },
  {
    invariant: 'I6',
    name: 'a source is filed under another sub-tenant',
    async commit(scene) {
      const { owner, sourceId } = await scene.victim();
      const other = scene.run.world.owners.find(
        ({ tenantId, code }) => tenantId === owner.tenantId && code !== owner.code,
      );
      await scene.changeRow(
        'UPDATE sources SET sub_tenant_id = $3, external_id = NULL WHERE tenant_id = $1 AND source_id = $2',
        [owner.tenantId, sourceId, other?.subTenantId],
      );
    },
  },
  {
    invariant: 'I6',
    name: 'an object has a byte of another owner',
    async commit(scene) {
      await flip(scene.place.fileOf((await scene.victim()).objectKey), OWNER_BIT);
    },
  },
  {
    invariant: 'I7',
    name: 'a counter of usage is one too high',
    async commit(scene) {
      const { owner } = await scene.victim();
      await scene.changeRow(
        `UPDATE usage_counters SET bytes = bytes + 1 WHERE (tenant_id, sub_tenant_id, stripe) =
          (SELECT tenant_id, sub_tenant_id, min(stripe) FROM usage_counters
           WHERE tenant_id = $1 AND sub_tenant_id = $2 GROUP BY tenant_id, sub_tenant_id)`,
        [owner.tenantId, owner.subTenantId],
      );
    },
  },
  {
    invariant: 'I8',
    name: 'a source is there twice',
    async commit(scene) {
      const { owner, sourceId } = await scene.victim();
      await scene.changeRow(
        `INSERT INTO sources SELECT (jsonb_populate_record(s, jsonb_build_object(
           'source_id', gen_random_uuid(), 'external_id', NULL))).*
         FROM sources s WHERE tenant_id = $1 AND source_id = $2`,
        [owner.tenantId, sourceId],
      );
    },
  },
  {
    invariant: 'I9',
    name: 'a gateway ends and nobody asked it to',
    async commit({ run }) {
      const [gateway] = run.world.gateways;
      process.kill(gateway.pid, 'SIGKILL');
      await gateway.ended();
    },
  },
  {
    invariant: 'I10',
    name: 'a token that was revoked works again',
    async commit(scene) {
      const { owner } = await scene.victim();
      await revokeToken.run(scene.turn('revoke', owner));
      const path = `/v1/sources?limit=1`;
      const revoked = scene.run.shelf.revoked.at(-1);
      if (revoked?.what !== 'token') throw new Error('No token was revoked.');
      scene.run.shelf.revoked.splice(0, Infinity, { ...revoked, path });
      await scene.changeRow(
        `UPDATE tokens SET revoked_at = NULL WHERE (tenant_id, token_id) = (SELECT tenant_id, token_id FROM tokens
           WHERE tenant_id = $1 AND revoked_at IS NOT NULL ORDER BY revoked_at DESC LIMIT 1)`,
        [owner.tenantId],
      );
      // Only from then on does the harness look at it.
      await pause(2 * STALE_MS);
    },
  },
  {
    invariant: 'I11',
    name: 'a line of the audit log is lost',
    async commit(scene) {
      const { owner, sourceId } = await scene.victim();
      await scene.changeRow(
        "DELETE FROM audit_entries WHERE tenant_id = $1 AND target_id = $2 AND action = 'source.create'",
        [owner.tenantId, sourceId],
      );
    },
  },
  {
    invariant: 'I12',
    name: 'a secret is written to a log',
    async commit({ run }) {
      const said = await fetch(`${run.world.gateways[1].url}/v1/sources`, {
        headers: { 'x-request-id': LEAKED },
      });
      await said.arrayBuffer();
      run.world.secrets.set('secret of the self-test', LEAKED);
    },
  },
  ...UPLOAD_SABOTAGES,
];

const LEAKED = 'canary-of-the-self-test-7d1c';

/** The low bits of a byte say whose it is, the high ones which write it is from. */
const WRITE_BIT = 0x80;
const OWNER_BIT = 0x01;

async function flip(path: string, bit: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, 500);
    await file.write(Buffer.of((byte[0] ?? 0) ^ bit), 0, 1, 500);
  } finally {
    await file.close();
  }
}
