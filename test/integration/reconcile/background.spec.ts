import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newUuid } from '#kernel';
import { OutboxStore } from '#source';
import { writeFile } from 'node:fs/promises';

import { ReconcileBench, type BenchTenant } from '../../support/reconcile-bench.js';

jest.setTimeout(60_000);

const { signal } = new AbortController();

let bench: ReconcileBench;
let tenant: BenchTenant;

beforeAll(async () => {
  bench = await ReconcileBench.open();
});
afterAll(() => bench.close());

describe('the outbox', () => {
  beforeAll(async () => {
    tenant = await bench.makeTenant();
  });

  it('CF-09: an entry that was leased again stays with whoever has it now, whatever the late one says', async () => {
    const store = bench.get(OutboxStore);
    await bench.owner("INSERT INTO outbox (tenant_id, kind, object_key) VALUES ($1, 'remove_object', $2)", [
      tenant.id,
      `${tenant.key}/${newUuid()}`,
    ]);
    const late = await store.lease(tenant.id, 5);
    expect(late).toHaveLength(1);
    expect(await store.lease(tenant.id, 5)).toEqual([]);
    await bench.owner('UPDATE outbox SET due_at = now()');
    const now = await store.lease(tenant.id, 5);
    await store.complete(tenant.id, late);
    expect(await bench.owner('SELECT FROM outbox')).toHaveLength(1);
    await store.complete(tenant.id, now);
    expect(await bench.owner('SELECT FROM outbox')).toHaveLength(0);
  });

  it('two at once take each entry once', async () => {
    const store = bench.get(OutboxStore);
    await bench.owner(
      `INSERT INTO outbox (tenant_id, kind, object_key)
       SELECT $1, 'remove_object', $2 || '/' || gen_random_uuid() FROM generate_series(1, 60)`,
      [tenant.id, tenant.key],
    );
    const leases = await Promise.all(Array.from({ length: 6 }, () => store.lease(tenant.id, 20)));
    const ids = leases.flat().map(({ outboxId }) => outboxId);
    expect(new Set(ids).size).toBe(ids.length);
    await bench.owner('DELETE FROM outbox');
  });
});

describe('the end of an upload', () => {
  beforeAll(async () => {
    tenant = await bench.makeTenant();
  });

  /** An upload that outlives a request, with the source that waits for it. */
  async function addPending(kind: string, expiresIn: string, sourceId = newUuid()): Promise<string> {
    const key = await bench.plant(tenant);
    const uploadId = await bench.addUpload(tenant, key, expiresIn);
    await bench.owner(
      `UPDATE uploads SET kind = $3, source_id = $2, name = 'x', content_type = 'text/plain',
         url_kind = CASE WHEN $3 = 'presigned' THEN 'gateway' END, declared_size_bytes = 9, part_bytes = 9
       WHERE upload_id = $1`,
      [uploadId, sourceId, kind],
    );
    await bench.owner(
      `INSERT INTO sources (tenant_id, source_id, sub_tenant_id, name, status, content_type)
       VALUES ($1, $2, 'default', 'x', 'pending', 'text/plain') ON CONFLICT DO NOTHING`,
      [tenant.id, sourceId],
    );
    return key;
  }
  const rows = async (table: string): Promise<number> =>
    (await bench.owner(`SELECT FROM ${table} WHERE tenant_id = $1`, [tenant.id])).length;

  const states = async (): Promise<unknown[]> => {
    const text = 'SELECT state FROM uploads WHERE tenant_id = $1 ORDER BY state';
    return (await bench.owner<{ state: string }>(text, [tenant.id])).map(({ state }) => state);
  };

  it.each(['presigned', 'tus'])('CF-16: of kind %s takes the source and the object along', async (kind) => {
    const key = await addPending(kind, '-1 second');
    const live = await addPending(kind, '1 hour');
    expect(await bench.expiry.run(tenant.id)).toBe(false);
    expect(await states()).toEqual(['ended', 'receiving']);
    expect([await rows('sources'), await rows('outbox')]).toEqual([1, 1]);
    await bench.purge.run(tenant.id, signal);
    expect([await bench.isThere(tenant, key), await bench.isThere(tenant, live)]).toEqual([false, true]);
    await bench.owner('DELETE FROM uploads');
    await bench.owner('DELETE FROM sources');
  });

  it('leaves a source alone that another upload is still for, and one that has content', async () => {
    const [shared, available] = [newUuid(), newUuid()];
    await addPending('presigned', '-1 second', shared);
    await addPending('tus', '1 hour', shared);
    await addPending('tus', '-1 second', available);
    await bench.owner(
      `UPDATE sources SET status = 'available', object_key = $2, size_bytes = 1, checksum_sha256 = '\\x00'
       WHERE source_id = $1`,
      [available, `${tenant.key}/${newUuid()}`],
    );
    await bench.expiry.run(tenant.id);
    expect(await states()).toEqual(['ended', 'ended', 'receiving']);
    expect([await rows('sources'), await rows('outbox')]).toEqual([2, 2]);
    for (const table of ['uploads', 'sources', 'outbox']) await bench.owner(`DELETE FROM ${table}`);
  });

  it('of one that was completed is that its row is forgotten; the object is its source’s', async () => {
    const key = await bench.addSource(tenant);
    const uploadId = await bench.addUpload(tenant, key, '-1 second');
    await bench.owner("UPDATE uploads SET state = 'completed' WHERE upload_id = $1", [uploadId]);
    await bench.expiry.run(tenant.id);
    await bench.purge.run(tenant.id, signal);
    expect([await rows('uploads'), await rows('outbox')]).toEqual([0, 0]);
    expect(await bench.isThere(tenant, key)).toBe(true);
  });

  it('is left to whoever is just completing it', async () => {
    const uploadId = await bench.addUpload(tenant, `${tenant.key}/${newUuid()}`, '-1 second');
    await bench.asOwner(async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT FROM uploads WHERE upload_id = $1 FOR UPDATE', [uploadId]);
      await bench.expiry.run(tenant.id);
      await client.query('COMMIT');
    });
    expect([await rows('uploads'), await rows('outbox')]).toEqual([1, 0]);
  });
});

describe('ST-19: a verification', () => {
  beforeAll(async () => {
    tenant = await bench.makeTenant();
    await bench.owner('DELETE FROM uploads');
  });

  const verify = (options: { stopAfter?: number; tenantId?: string | null } = {}) => {
    const stop = new AbortController();
    return bench.verification.run({
      tenantId: options.tenantId ?? null,
      bytesPerSecond: 2 ** 30,
      secondsBetween: 0,
      signal: stop.signal,
      onProgress: ({ objects }) => {
        if (objects === options.stopAfter) stop.abort();
      },
    });
  };

  it('that was stopped goes on where it was, with what it had found, and then begins anew', async () => {
    const keys = await bench.addSources(tenant, 6);
    await writeFile(bench.fileOf(keys[0] ?? ''), 'CONTENT');
    const other = await bench.makeTenant();
    await bench.addSource(other);
    const all = (await bench.owner("SELECT FROM sources WHERE status = 'available'")).length;
    const first = await verify({ stopAfter: all - 2 });
    expect(first.abortedBecause).toBe('the run was stopped');
    const second = await verify();
    expect(second).toMatchObject({ abortedBecause: null });
    expect(first.objects + second.objects).toBe(all);
    expect(second.corrupt.shown).toMatchObject([{ objectKey: keys[0], reason: 'checksum' }]);
    const third = await verify();
    expect(third.objects).toBe(all);
    expect(third.corrupt.count).toBe(1);
  });

  it('of one tenant reads that tenant’s objects alone', async () => {
    const one = await bench.makeTenant();
    await bench.addSources(one, 2);
    expect(await verify({ tenantId: one.id })).toMatchObject({ objects: 2, abortedBecause: null });
  });

  it('says nothing more of an object that was replaced or deleted since', async () => {
    const one = await bench.makeTenant();
    const key = await bench.addSource(one);
    await writeFile(bench.fileOf(key), 'CONTENT');
    expect((await verify({ tenantId: one.id })).corrupt.count).toBe(1);
    await bench.owner('DELETE FROM sources WHERE tenant_id = $1', [one.id]);
    expect((await verify({ tenantId: one.id })).corrupt.count).toBe(0);
  });

  it('runs once at a time', async () => {
    await bench.asOwner(async (client) => {
      await client.query("SELECT pg_advisory_lock(hashtextextended('gatehold verify', 0))");
      expect(await verify()).toMatchObject({ isBusy: true, objects: 0 });
    });
  });
});
