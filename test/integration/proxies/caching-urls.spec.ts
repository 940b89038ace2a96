import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import { expectStatus, freshId, type Api, type Json, type TestTenant } from '../../support/api.js';
import { CACHED_PROXIES } from '../../support/cached-proxies.js';
import { CachedWorld } from '../../support/cached-world.js';
import { describeWith } from '../../support/programs.js';
import { sharedGateway } from '../../support/shared-gateway.js';

jest.setTimeout(60_000);

for (const { title, program, start, handsOn } of CACHED_PROXIES)
  describeWith([program], `DL-11: URLs behind ${title}`, () => {
    const { root } = sharedGateway();
    let world: CachedWorld;
    let one: TestTenant;
    let two: TestTenant;

    beforeAll(async () => {
      world = await CachedWorld.make(start);
      ({ one, two } = world);
    });

    afterAll(() => world.close());

    it('ends a link at once: revoked, or its source deleted', async () => {
      const [id, other] = [await world.twins(), await world.twins()];
      const make = async (source: string): Promise<Json> =>
        (await world.through(one.editor).post(`/v1/sources/${source}/links`, {})).json;
      const [revoked, orphaned] = [await make(id), await make(other)];
      const open = (link: Json, options = {}) =>
        world.fresh(() => world.anonymous.get(new URL(link.url as string).pathname, options));
      for (const link of [revoked, orphaned]) {
        expect((await open(link)).text).toBe(`of ${one.id}`);
        const part = await open(link, { headers: { range: 'bytes=0-1' } });
        expect(part.text).toBe(handsOn ? 'of' : `of ${one.id}`);
      }
      expectStatus(await one.editor.put(id, 'replaced'), 200);
      expect((await open(revoked)).text).toBe('replaced');
      expectStatus(await world.through(one.editor).delete(`/v1/links/${revoked.link_id as string}`), 204);
      expectStatus(await world.through(one.editor).delete(`/v1/sources/${other}`), 204);
      for (const link of [revoked, orphaned]) {
        expect((await open(link)).status).toBe(410);
        expect((await open(link, { headers: { range: 'bytes=0-1' } })).status).toBe(410);
        const head = await world.fresh(() =>
          world.anonymous.request('HEAD', new URL(link.url as string).pathname),
        );
        expect(head.status).toBe(410);
      }
    });

    it('PS-18: gives each its own download URL in the knowledge-base call, and a stranger none', async () => {
      const id = await world.twins();
      const { source_id: sourceId } = (await one.viewer.get(`/v1/sources/${id}`)).json;
      const path = `/knowledge-base/sources/${sourceId as string}/download`;
      const first = (await world.fresh(() => world.through(one.viewer).get(path))).json;
      expect((await world.fresh(() => world.through(two.viewer).get(path))).status).toBe(404);
      expect((await world.fresh(() => world.anonymous.get(path))).status).toBe(401);
      const named = (tenantId: string) =>
        world.fresh(() => world.through(root).get(path, { headers: { 'x-anyreach-org': tenantId } }));
      expect([(await named(one.id)).status, (await named(two.id)).status]).toEqual([200, 404]);
      expect((await world.anonymous.get(new URL(first.download_url as string).pathname)).text).toBe(
        `of ${one.id}`,
      );
      expectStatus(await one.editor.delete(`/v1/sources/${id}`), 204);
      expect((await world.fresh(() => world.through(one.viewer).get(path))).status).toBe(404);
    });

    it('gives each its own content and URL in the fetch call, whose path is one for all', async () => {
      const id = await world.twins();
      const ask = (caller: Api, tenantId: string, source = id) =>
        world.fresh(() =>
          world
            .through(caller)
            .post('/fetch/content', { tenant_id: tenantId, source_id: source, mode: 'both' }),
        );
      for (const { viewer, id: tenantId } of [one, two, one])
        for (const caller of [viewer, root]) {
          const { json } = await ask(caller, tenantId);
          expect(json.content).toBe(`of ${tenantId}`);
          const opened = await world.anonymous.get(new URL(json.presigned_url as string).pathname);
          expect(opened.text).toBe(`of ${tenantId}`);
        }
      expect((await ask(two.viewer, one.id)).status).toBe(403);
      expect((await ask(one.viewer, one.id, freshId('none'))).status).toBe(404);
      expect((await ask(world.anonymous, one.id)).status).toBe(401);
    });
  });
