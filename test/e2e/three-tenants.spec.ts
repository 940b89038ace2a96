import { beforeAll, expect, it, jest } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';

import { expectStatus, freshId, type Answer, type Api, type Json } from '../support/api.js';
import { describeWithAzurite } from '../support/azurite.js';
import { CEPH_PROGRAMS, CEPH_START_MS } from '../support/ceph.js';
import { CephBucket } from '../support/ceph-buckets.js';
import { eventually } from '../support/eventually.js';
import { sha256 } from '../support/gateway-inside.js';
import { expectIndistinguishable, expectUntouched, victimOf, type Victim } from '../support/isolation.js';
import { describeWith } from '../support/programs.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { makeThreeTenants, type StoredTenant, type ThreeTenants } from '../support/three-tenants.js';

jest.setTimeout(180_000);

const gateway = sharedGateway();
/** Below, at and above what is sent in one piece, the largest in three parts. */
const SIZES = [0, 1, 65_537, 5 * 2 ** 20, 11 * 2 ** 20 + 7];
const WRITERS = 4;
const ROUNDS = 6;
/** Ids that every tenant uses. */
const COMMON_IDS = ['report', 'a/b', 'ünïcode'];

/** Every way in which one tenant may try to get at a source of another, and what it must be answered. */
function attempts(stranger: Api, strangerId: string, id: string): [number, () => Promise<Answer>][] {
  const path = `/v1/sources/${encodeURIComponent(id)}`;
  const fetched = { tenant_id: strangerId, source_id: id, mode: 'both' };
  return [
    [404, () => stranger.get(path)],
    [404, () => stranger.get(`${path}/content`)],
    [404, () => stranger.get(`${path}/content`, { headers: { range: 'bytes=0-3' } })],
    [404, () => stranger.request('HEAD', `${path}/content`)],
    [412, () => stranger.put(id, 'taken', { 'if-match': '*' })],
    [404, () => stranger.delete(path)],
    [404, () => stranger.post(`${path}/links`, {})],
    [404, () => stranger.get(`/knowledge-base/sources/${id}/download`)],
    [404, () => stranger.post('/fetch/fetch-source-content', fetched)],
    [403, () => stranger.get(path, { headers: { 'x-tenant-id': 'another' } })],
  ];
}

describeWithAzurite('one gateway with tenants on a filesystem, on Ceph and on Azurite at once', () => {
  describeWith(CEPH_PROGRAMS, 'side by side', () => {
    let three: ThreeTenants;
    const others = (one: StoredTenant): StoredTenant[] => three.all.filter((other) => other !== one);

    beforeAll(async () => {
      three = await makeThreeTenants(gateway);
    }, CEPH_START_MS);

    it('ST-01, AZ-01: gives each its own bytes and nobody else’s, under load, all at once', async () => {
      const written = new Map(three.all.map((one) => [one, new Map<string, string>()]));
      const known = (one: StoredTenant): [string, string][] => [...(written.get(one) ?? [])];
      const work = async (one: StoredTenant, writer: number): Promise<void> => {
        const { tenant } = one;
        for (let round = 0; round < ROUNDS; round += 1) {
          const bytes = randomBytes(SIZES[(writer + round) % SIZES.length] ?? 1);
          const made = await tenant.editor.put(freshId('s'), bytes);
          expect([one.where, made.status, made.json.checksum_sha256]).toEqual([
            one.where,
            201,
            sha256(bytes),
          ]);
          const id = made.json.source_id as string;
          written.get(one)?.set(id, sha256(bytes));
          const back = await tenant.viewer.get(`/v1/sources/${id}/content`);
          expect([one.where, sha256(back.bytes)]).toEqual([one.where, sha256(bytes)]);
          for (const other of others(one)) {
            const foreign = known(other).at(-1)?.[0] ?? randomUUID();
            const tries = attempts(tenant.admin, tenant.id, foreign);
            const [status, ask] = tries[(writer + round) % tries.length] ?? [];
            expect([one.where, other.where, (await ask?.())?.status]).toEqual([
              one.where,
              other.where,
              status,
            ]);
          }
        }
      };
      const writers = three.all.flatMap((one) => Array.from({ length: WRITERS }, (_, at) => work(one, at)));
      await Promise.all(writers);
      for (const one of three.all) {
        expect(known(one)).toHaveLength(WRITERS * ROUNDS);
        expect([one.where, await one.digests()]).toEqual([
          one.where,
          known(one)
            .map(([, of]) => of)
            .sort(),
        ]);
        const reads = known(one).map(async ([id, digest]) => {
          const { bytes } = await one.tenant.viewer.get(`/v1/sources/${id}/content`);
          expect([one.where, sha256(bytes)]).toEqual([one.where, digest]);
        });
        await Promise.all(reads);
      }
    });

    it('AZ-08: tells nobody of the others, whichever of them asks whom', async () => {
      const victims = new Map<StoredTenant, Victim>();
      for (const one of three.all) victims.set(one, await victimOf(one.tenant));
      const pairs = three.all.flatMap((one) => others(one).map((other) => [one, other] as const));
      expect(pairs).toHaveLength(6);
      await Promise.all(
        pairs.map(([attacker, of]) =>
          expectIndistinguishable(attacker.tenant.admin, victims.get(of) as Victim),
        ),
      );
      for (const victim of victims.values()) await expectUntouched(victim);
    });

    it('AZ-03: keeps equal ids and equal bytes apart, and what one replaces or deletes is the others’ still', async () => {
      const text = (id: string, { where }: StoredTenant): string => `${id} on ${where}`;
      for (const one of three.all)
        for (const id of COMMON_IDS) {
          expectStatus(await one.tenant.editor.put(id, text(id, one)), 201);
          expectStatus(await one.tenant.editor.put(`${id} alike`, 'the same bytes everywhere'), 201);
        }
      const [first, ...rest] = three.all as [StoredTenant, ...StoredTenant[]];
      for (const id of COMMON_IDS) {
        const path = `/v1/sources/${encodeURIComponent(id)}`;
        expectStatus(await first.tenant.editor.put(id, 'replaced'), 200);
        expectStatus(await first.tenant.editor.delete(path), 204);
        expectStatus(
          await first.tenant.editor.delete(`/v1/sources/${encodeURIComponent(`${id} alike`)}`),
          204,
        );
        for (const one of rest) {
          const read = async (of: string): Promise<string> =>
            (await one.tenant.viewer.get(`/v1/sources/${encodeURIComponent(of)}/content`)).text;
          expect([await read(id), await read(`${id} alike`)]).toEqual([
            text(id, one),
            'the same bytes everywhere',
          ]);
        }
      }
    });

    it('lists and counts for each what is its own, and removes no object but its own', async () => {
      for (const one of three.all) {
        const { data } = (await one.tenant.viewer.get('/v1/sources?limit=100')).json;
        expect(new Set((data as Json[]).map((source) => source.tenant_id as string))).toEqual(
          new Set([one.tenant.id]),
        );
        await eventually(`${one.where} has the objects of its sources and no other`, async () => {
          const listed = (data as Json[]).map((source) => source.checksum_sha256 as string).sort();
          return JSON.stringify(listed) === JSON.stringify(await one.digests());
        });
      }
    });

    it('PS-14, ST-20: has the bucket of the tenant’s own user, which no other user may look into or bind', async () => {
      const { ceph } = three;
      expect(ceph.user).toEqual(ceph.ceph.tenantUser);
      expect((await ceph.keys()).length).toBeGreaterThan(0);
      for (const user of [ceph.ceph.user, ceph.ceph.otherUser]) {
        const stranger = new CephBucket(ceph.ceph, ceph.name, user);
        await expect(stranger.keys()).rejects.toMatchObject({ name: 'AccessDenied' });
        for (const { tenant } of three.all) {
          const path = `/v1/tenants/${tenant.id}/storage-binding`;
          const refused = await tenant.admin.request('PUT', path, { json: stranger.binding() });
          expect(refused).toMatchObject({ status: 422, json: { code: 'storage_probe_failed' } });
        }
      }
    });
  });
});
