import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { newUuid } from '#kernel';

import { answer, errorAnswer, FakeS3, reset } from '../../support/fake-s3.js';
import { BUCKET } from '../../support/fake-s3-storage.js';
import { countsOf, keysOf, ReconcileBench, type BenchTenant } from '../../support/reconcile-bench.js';
import { listPage, scriptLists, type ScriptedObject } from '../../support/scripted-lists.js';

jest.setTimeout(60_000);

const APPLY = { apply: true };
const MINUTE = 60_000;

let fake: FakeS3;
let bench: ReconcileBench;
let tenant: BenchTenant;
let named: ScriptedObject[];

beforeEach(async () => {
  fake = await FakeS3.open();
  bench = await ReconcileBench.open({
    GATEHOLD_STORAGE_ADAPTER: 's3',
    // The one without a trial of conditional writes: nothing but the bucket is asked for.
    GATEHOLD_STORAGE_PROFILE: 'seaweedfs',
    GATEHOLD_STORAGE_ENDPOINT: fake.endpoint,
    GATEHOLD_STORAGE_BUCKET: BUCKET,
    GATEHOLD_STORAGE_ACCESS_KEY_ID: 'fake',
    GATEHOLD_STORAGE_SECRET_ACCESS_KEY: 'fake-secret',
  });
  tenant = await bench.makeTenant();
  named = [];
  for (let count = 0; count < 6; count += 1) {
    const key = newKey();
    await bench.addRow(tenant, key, Buffer.from('content'));
    named.push({ key });
  }
  named.sort((one, other) => (one.key < other.key ? -1 : 1));
  fake.script('DeleteObject', answer(204));
  fake.script('HeadObject', answer(404));
});
afterEach(async () => {
  await bench.close();
  await fake.close();
});

function newKey(): string {
  return `${tenant.key}/${newUuid()}`;
}

function expectNothingRemoved(): void {
  expect(fake.of('DeleteObject')).toEqual([]);
}

describe('ST-15: a list', () => {
  it('that fails at its third page is no list: nothing is removed', async () => {
    const orphan = { key: newKey() };
    scriptLists(
      fake,
      listPage([orphan, ...named.slice(0, 2)], { next: 'two' }),
      listPage(named.slice(2, 4), { next: 'three' }),
      errorAnswer(500, 'InternalError'),
    );
    const report = await bench.run(APPLY);
    expect(report.removed.objects).toBe(0);
    expect(report.abortedBecause).toContain(tenant.id);
    expectNothingRemoved();
  });

  it.each([
    ['is cut off', reset],
    ['is somebody else’s page', answer(200, '<html></html>', { 'content-type': 'text/html' })],
    ['is refused', errorAnswer(403, 'AccessDenied')],
    ['is empty of everything', answer(200, '')],
  ])('whose page %s removes nothing', async (_, broken) => {
    scriptLists(fake, listPage([{ key: newKey() }, ...named], { next: 'two' }), broken);
    const report = await bench.run(APPLY);
    expect(report.removed.objects).toBe(0);
    expect(report.abortedBecause).not.toBeNull();
    expectNothingRemoved();
  });

  it('goes on behind an empty page that has a token', async () => {
    const orphan = newKey();
    scriptLists(
      fake,
      listPage(named.slice(0, 3), { next: 'two' }),
      listPage([], { next: 'three' }),
      listPage([...named.slice(3), { key: orphan }]),
    );
    const report = await bench.run(APPLY);
    expect(countsOf(report)).toMatchObject({ rows: 6, objects: 7, missing: 0, orphans: 1, removed: 1 });
    expect(keysOf(report.survey.orphans)).toEqual([orphan]);
    const tokens = fake.of('ListObjectsV2').map(({ url }) => url.searchParams.get('continuation-token'));
    expect(tokens.slice(0, 3)).toEqual([null, 'two', 'three']);
  });

  it('that answers the same page for ever ends the run', async () => {
    scriptLists(fake, listPage(named, { next: 'again' }));
    const report = await bench.run(APPLY);
    expect(report.abortedBecause).toMatch(/the same page/);
    expectNothingRemoved();
  });

  it('with odd keys is read to its end, and they are left alone', async () => {
    const odd = ['+%&.txt', 'é', '日本', '../up', ' ', '%2F', 'a\u0001b', `${newUuid()}/`, 'UPPER'].map(
      (name) => ({
        key: `${tenant.key}/${name}`,
      }),
    );
    scriptLists(fake, listPage([...odd, ...named]));
    const report = await bench.run(APPLY);
    expect(countsOf(report)).toMatchObject({
      rows: 6,
      objects: 6,
      missing: 0,
      orphans: 0,
      abortedBecause: null,
    });
    expectNothingRemoved();
  });

  it('that does not say when an object was made says nothing of its age', async () => {
    scriptLists(fake, listPage([...named, { key: newKey(), modifiedAt: null }]));
    expect(countsOf(await bench.run(APPLY))).toMatchObject({ orphans: 0, young: 1, removed: 0 });
    expectNothingRemoved();
  });

  it('in another order than that of the keys costs calls, and finds nothing wrong', async () => {
    fake.script('HeadObject', answer(200, '', { 'content-length': '7' }));
    scriptLists(
      fake,
      listPage([...named].reverse().slice(0, 3), { next: 'two' }),
      listPage([...named].slice(0, 3)),
    );
    expect(countsOf(await bench.run(APPLY))).toMatchObject({ rows: 6, objects: 6, missing: 0, orphans: 0 });
    expect(fake.of('HeadObject').length).toBeLessThanOrEqual(6);
  });

  it('that leaves an object out is not believed: the object is looked for by name', async () => {
    fake.script('HeadObject', answer(200, '', { 'content-length': '7' }));
    scriptLists(fake, listPage(named.slice(1)));
    expect(countsOf(await bench.run())).toMatchObject({ rows: 6, objects: 5, missing: 0 });
    fake.script('HeadObject', errorAnswer(500, 'InternalError'));
    const failing = await bench.run();
    expect(failing.abortedBecause).not.toBeNull();
  });
});

describe('CF-18: the clocks', () => {
  it.each([-6, 6])('of a storage that differs by %i minutes is a reason to do nothing', async (minutes) => {
    const now = new Date(Date.now() + minutes * MINUTE);
    scriptLists(fake, listPage([...named, { key: newKey() }], { now }));
    const report = await bench.run(APPLY);
    expect(report.abortedBecause).toMatch(/clocks .* differ by 3\d\d seconds/);
    expectNothingRemoved();
  });

  it('age is told by the storage’s clock alone', async () => {
    // Four minutes ahead, which is within bounds; the object is a minute short of a day by that clock.
    const now = new Date(Date.now() + 4 * MINUTE);
    const modifiedAt = new Date(now.getTime() - 86_400_000 + MINUTE);
    scriptLists(fake, listPage([...named, { key: newKey(), modifiedAt }], { now }));
    expect(countsOf(await bench.run(APPLY))).toMatchObject({ orphans: 0, young: 1, removed: 0 });
  });
});

describe('removal', () => {
  async function addMany(count: number): Promise<void> {
    const keys = Array.from({ length: count }, newKey);
    await bench.owner(
      `INSERT INTO sources (tenant_id, source_id, sub_tenant_id, name, status, content_type, size_bytes, checksum_sha256,
         object_key, binding_id)
       SELECT $1, gen_random_uuid(), 'default', 'x', 'available', 'text/plain', 7, '\\x00', key, $3
       FROM unnest($2::text[]) AS key`,
      [tenant.id, keys, await bench.storages.getDefaultId()],
    );
    named.push(...keys.map((key) => ({ key })));
    named.sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  it('CF-19: of a hundred of which three are refused removes 97, says so, and leaves three for later', async () => {
    await addMany(200);
    const orphans = Array.from({ length: 100 }, newKey);
    const refused = new Set(orphans.slice(10, 13).map((key) => `/${BUCKET}/${key}`));
    const all = [...named, ...orphans.map((key) => ({ key }))];
    scriptLists(fake, listPage(all.sort((one, other) => (one.key < other.key ? -1 : 1))));
    fake.script('DeleteObject', (response, request) => {
      const answered = refused.has(request.url.pathname) ? errorAnswer(403, 'AccessDenied') : answer(204);
      answered(response, request);
    });
    const report = await bench.run({ ...APPLY, maxPercent: 50 });
    expect(countsOf(report)).toMatchObject({ orphans: 100, removed: 97, abortedBecause: null });
    const left = await bench.owner<{ key: string; later: boolean }>(
      'SELECT object_key AS key, due_at > now() AS later FROM outbox ORDER BY 1',
    );
    expect(left).toEqual(
      orphans
        .slice(10, 13)
        .sort()
        .map((key) => ({ key, later: true })),
    );
    // Now a row says that they are to go, so they are nobody's orphans any more.
    scriptLists(
      fake,
      listPage(all.filter(({ key }) => !orphans.includes(key) || left.some((row) => row.key === key))),
    );
    expect(countsOf(await bench.run())).toMatchObject({ objects: 209, missing: 0, orphans: 0 });
  });

  it('CF-12: whose answer is lost is not done, and is done again', async () => {
    const orphan = newKey();
    scriptLists(fake, listPage([...named, { key: orphan }]));
    fake.script('DeleteObject', reset);
    expect(countsOf(await bench.run(APPLY))).toMatchObject({ orphans: 1, removed: 0, abortedBecause: null });
    expect(await bench.owner('SELECT object_key FROM outbox')).toEqual([{ object_key: orphan }]);
    await bench.owner('UPDATE outbox SET due_at = now()');
    fake.script('DeleteObject', errorAnswer(404, 'NoSuchKey'));
    const { signal } = new AbortController();
    expect(await bench.purge.run(tenant.id, signal)).toBe(true);
    expect(await bench.owner('SELECT FROM outbox')).toEqual([]);
  });
});
