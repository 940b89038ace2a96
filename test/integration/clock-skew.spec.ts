import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api, expectStatus, freshId, makeTenant, type TestTenant } from '../support/api.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../support/ceph.js';
import { CephBucket } from '../support/ceph-buckets.js';
import { deliver, downloadUrl, follow } from '../support/delivering-tenants.js';
import { makeLink } from '../support/download-urls.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { describeWith } from '../support/programs.js';
import { shiftedClock } from '../support/shifted-clock.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(CEPH_START_MS);

const CONTENT = 'kept while the clock was right';
const MINUTE_MS = 60_000;

/** The same caller of a gateway that has been started anew. */
const at = (gateway: GatewayProcess, caller: Api): Api => new Api(gateway.url, caller.token);

describeWith(
  [...CEPH_PROGRAMS, 'faketime'],
  'PS-08 a gateway whose clock is off, with storage on Ceph',
  () => {
    let dataDir: string;
    let bucket: CephBucket;
    let direct: TestTenant;
    let redirect: TestTenant;
    let elsewhere: TestTenant;
    let gateway: GatewayProcess;
    const id = freshId('s');

    const start = (minutes: number) =>
      GatewayProcess.start({
        dataDir,
        env: { GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.1', ...(minutes === 0 ? {} : shiftedClock(minutes)) },
      });

    async function expectWarning(minutes: number): Promise<void> {
      await gateway.said(/storage's clock is not the gateway's/);
      const [, seconds] = /"seconds":(-?\d+)[^\n]*storage's clock is not/.exec(gateway.log) ?? [];
      expect(Math.abs(Number(seconds) + minutes * 60)).toBeLessThan(10);
    }

    beforeAll(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'gatehold-clock-'));
      bucket = await CephBucket.make(await sharedCeph());
      gateway = await start(0);
      const root = new Api(gateway.url, gateway.rootToken);
      [direct, redirect, elsewhere] = [
        await makeTenant(root),
        await makeTenant(root),
        await makeTenant(root),
      ];
      await deliver(direct, bucket, 'direct');
      await deliver(redirect, bucket, 'redirect');
      for (const { editor } of [direct, redirect, elsewhere])
        expectStatus(await editor.put(id, CONTENT), 201);
      await gateway.signal('SIGTERM');
    }, CEPH_START_MS);
    afterAll(async () => {
      await rm(dataDir, { recursive: true, force: true });
    });

    function describeTolerated(minutes: number): void {
      beforeAll(async () => {
        gateway = await start(minutes);
      }, CEPH_START_MS);
      afterAll(() => gateway.signal('SIGTERM'));

      it('stores and serves', async () => {
        const [own, editor] = [freshId('s'), at(gateway, direct.editor)];
        expectStatus(await editor.put(own, CONTENT), 201);
        expect((await editor.get(`/v1/sources/${own}/content`)).text).toBe(CONTENT);
      });

      it('takes a binding, fetching by a URL of one minute', async () => {
        const path = `/v1/tenants/${direct.id}/storage-binding`;
        const json = bucket.binding({ delivery: 'direct', prefix: direct.id });
        expect((await at(gateway, direct.admin).request('PUT', path, { json })).status).toBe(200);
      });

      it('hands out URLs of the storage that are good now, and for as long as is said', async () => {
        const before = Date.now();
        const answer = await at(gateway, direct.editor).post('/v1/links/batch', {
          source_ids: [id],
          expires_in: 60,
        });
        expectStatus(answer, 200);
        const { url, expires_at: end } = answer.json.data[0] as { url: string; expires_at: string };
        expect((await follow(url)).bytes.toString()).toBe(CONTENT);
        // Signed for the storage's time, which is ours here; told by the gateway's, as all its times are.
        const signedAt = stampOf(new URL(url).searchParams.get('X-Amz-Date') ?? '');
        expect(Math.abs(signedAt - before)).toBeLessThan(30_000);
        expect(Math.abs(Date.parse(end) - (before + minutes * MINUTE_MS + 60_000))).toBeLessThan(30_000);
      });

      it('has links that lead to URLs which are good', async () => {
        expect((await follow(await makeLink(at(gateway, redirect.editor), id))).bytes.toString()).toBe(
          CONTENT,
        );
      });
    }

    describe.each([-1, 1])('by %i minutes', (minutes) => {
      describeTolerated(minutes);
    });

    describe.each([-10, 10])('by %i minutes', (minutes) => {
      describeTolerated(minutes);

      it('warns, with the difference', () => expectWarning(minutes));
    });

    describe.each([-20, 20])('by %i minutes', (minutes) => {
      beforeAll(async () => {
        gateway = await start(minutes);
      }, CEPH_START_MS);
      afterAll(() => gateway.signal('SIGTERM'));

      /** Nothing of what only the operator and the storage know. */
      function expectDiscreet(text: string): void {
        for (const secret of [
          bucket.user.accessKeyId,
          bucket.name,
          new URL(bucket.ceph.endpoint).host,
          'RequestTime',
        ])
          expect(text).not.toContain(secret);
      }

      it('says 503 storage_clock_skewed for what needs the storage, content and URLs alike', async () => {
        const editor = at(gateway, direct.editor);
        for (const answer of [
          await editor.get(`/v1/sources/${id}/content`),
          await editor.put(freshId('s'), CONTENT),
          await editor.get(`/v1/sources/${id}/content`, { headers: { range: 'bytes=0-3' } }),
        ]) {
          expect([answer.status, answer.json.code]).toEqual([503, 'storage_clock_skewed']);
          expect(answer.json.detail).toBe(
            'The clocks of the gateway and of the storage differ by 20 minutes.',
          );
          expectDiscreet(answer.text);
        }
        const { json, text } = await editor.post('/v1/links/batch', { source_ids: [id] });
        expect(json.data[0]).toMatchObject({ error: { code: 'storage_clock_skewed' } });
        expectDiscreet(text);
      });

      it('says so in the compatible calls', async () => {
        const viewer = at(gateway, direct.viewer);
        for (const mode of ['content', 'url']) {
          const wish = { tenant_id: direct.id, source_id: id, mode };
          const { status, json, text } = await viewer.post('/fetch/fetch-source-content', wish);
          expect([status, json.detail.error_code]).toEqual([503, 'UNAVAILABLE']);
          expect(json.detail.message).toMatch(/clocks .* differ/);
          expectDiscreet(text);
        }
      });

      it('says 422 storage_probe_failed of a binding, and that it is the clock', async () => {
        const path = `/v1/tenants/${direct.id}/storage-binding`;
        const { status, json, text } = await at(gateway, direct.admin).request('PUT', path, {
          json: bucket.binding(),
        });
        expect([status, json.code, json.steps[0]]).toEqual([
          422,
          'storage_probe_failed',
          expect.objectContaining({
            step: 'open',
            ok: false,
            reason: 'The clocks of the gateway and of the storage differ by 20 minutes.',
          }),
        ]);
        expect(json.detail).toContain('The clocks of the gateway and of the storage differ by 20 minutes.');
        expectDiscreet(text);
      });

      it('warns, with the difference, and serves tenants whose storage has no clock of its own', async () => {
        await expectWarning(minutes);
        expect((await at(gateway, elsewhere.viewer).get(`/v1/sources/${id}/content`)).text).toBe(CONTENT);
      });
    });

    it('serves everything again once the clock is right, without a change', async () => {
      gateway = await start(0);
      const editor = at(gateway, direct.editor);
      expect((await editor.get(`/v1/sources/${id}/content`)).text).toBe(CONTENT);
      expect((await follow(await downloadUrl(editor, id))).bytes.toString()).toBe(CONTENT);
      await gateway.signal('SIGTERM');
    });
  },
);

/** `YYYYMMDDTHHMMSSZ` in milliseconds since 1970. */
function stampOf(stamp: string): number {
  return Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
