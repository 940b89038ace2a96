import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import { expectStatus, freshId, makeToken, type TestTenant } from '../../support/api.js';
import { CACHED_PROXIES } from '../../support/cached-proxies.js';
import { CachedWorld } from '../../support/cached-world.js';
import { describeWith } from '../../support/programs.js';
import { sharedGateway } from '../../support/shared-gateway.js';

jest.setTimeout(60_000);

for (const { title, program, start, handsOn } of CACHED_PROXIES)
  describeWith([program], `DL-11: content behind ${title}`, () => {
    const { root } = sharedGateway();
    let world: CachedWorld;
    let one: TestTenant;
    let two: TestTenant;

    beforeAll(async () => {
      world = await CachedWorld.make(start);
      ({ one, two } = world);
    });

    afterAll(() => world.close());

    it('keeps what an origin says anybody may have, and would give it to the wrong one', async () => {
      const ask = (caller: string, path: string) =>
        world.anonymous.get(`/control/${path}`, { headers: { 'x-caller': caller } });
      const path = freshId('p');
      const answers = [await ask('one', path), await ask('one', path), await ask('two', path)];
      expect(answers.map(({ text }) => text)).toEqual(['for one', 'for one', 'for one']);
      expect(answers.map(({ headers }) => headers.get('x-cache') === 'HIT')).toEqual([false, true, true]);
    });

    it('gives each tenant its own bytes for the same path, and a stranger none', async () => {
      const path = `/v1/sources/${await world.twins()}/content`;
      for (const { viewer, editor, admin, id } of [one, two, one])
        for (const caller of [viewer, editor, admin])
          expect((await world.fresh(() => world.through(caller).get(path))).text).toBe(`of ${id}`);
      expect((await world.fresh(() => world.anonymous.get(path))).status).toBe(401);
      expect((await world.fresh(() => world.through(one.uploader).get(path))).status).toBe(403);
      expect((await world.fresh(() => world.through(two.viewer).get(path))).text).toBe(`of ${two.id}`);
    });

    it('gives a platform token the tenant it names in a header, and no other', async () => {
      const path = `/v1/sources/${await world.twins()}`;
      for (const { id } of [one, two, one]) {
        const options = { headers: { 'x-tenant-id': id } };
        expect((await world.fresh(() => world.through(root).get(`${path}/content`, options))).text).toBe(
          `of ${id}`,
        );
        const mine = (await world.through(root).get(path, options)).json;
        expect(mine.source_id).toBe((await root.get(path, options)).json.source_id);
      }
    });

    it('answers HEAD, ranges and conditions from the caller’s own content', async () => {
      const id = await world.twins();
      const path = `/v1/sources/${id}/content`;
      for (const { viewer, id: name } of [one, two, one]) {
        const caller = world.through(viewer);
        const { headers } = await world.fresh(() => caller.request('HEAD', path));
        expect(headers.get('etag')).toBe((await viewer.get(`/v1/sources/${id}`)).json.etag);
        const last = { headers: { range: 'bytes=-6' } };
        const part = await world.fresh(() => caller.get(path, last));
        expect([part.status, part.text]).toEqual(handsOn ? [206, name.slice(-6)] : [200, `of ${name}`]);
        const known = { headers: { 'if-none-match': headers.get('etag') ?? '' } };
        expect((await world.fresh(() => caller.get(path, known))).status).toBe(handsOn ? 304 : 200);
      }
      const foreign = (await two.viewer.get(`/v1/sources/${id}`)).json.etag as string;
      const whole = await world.fresh(() =>
        world.through(one.viewer).get(path, { headers: { 'if-none-match': foreign } }),
      );
      expect([whole.status, whole.text]).toEqual([200, `of ${one.id}`]);
    });

    it('shows a source as soon as it is there, replaced as soon as it is, and gone as soon as it is', async () => {
      const id = freshId('s');
      const [editor, path] = [world.through(one.editor), `/v1/sources/${id}/content`];
      const read = () => world.fresh(() => editor.get(path));
      expect((await read()).status).toBe(404);
      expectStatus(await editor.put(id, 'first'), 201);
      expect((await read()).text).toBe('first');
      expectStatus(await editor.put(id, 'second'), 200);
      expect((await read()).text).toBe('second');
      expectStatus(await editor.delete(`/v1/sources/${id}`), 204);
      expect((await read()).status).toBe(404);
    });

    it('lists to each tenant its own sources, tokens and links, also after a change', async () => {
      const id = await world.twins();
      for (const { editor } of [one, two])
        expectStatus(await editor.post(`/v1/sources/${id}/links`, {}), 201);
      for (const path of ['/v1/sources?limit=100', '/v1/links?limit=100', '/v1/me'])
        for (const { editor } of [one, two, one]) {
          const expected = (await editor.get(path)).json;
          expect((await world.fresh(() => world.through(editor).get(path))).json).toEqual(expected);
        }
      const before = (await world.through(one.editor).get(`/v1/sources?external_id=${id}`)).json.data;
      expectStatus(await one.editor.delete(`/v1/sources/${id}`), 204);
      const after = (await world.through(one.editor).get(`/v1/sources?external_id=${id}`)).json.data;
      expect([before.length, after.length]).toEqual([1, 0]);
    });

    it('ends a token at once', async () => {
      const path = `/v1/sources/${await world.twins()}/content`;
      const brief = await makeToken(one.admin, one.id, { role: 'viewer' });
      const { token_id: tokenId } = (await brief.get('/v1/me')).json;
      expect((await world.fresh(() => world.through(brief).get(path))).text).toBe(`of ${one.id}`);
      expectStatus(await one.admin.delete(`/v1/tenants/${one.id}/tokens/${tokenId as string}`), 204);
      expect((await world.fresh(() => world.through(brief).get(path))).status).toBe(401);
    });
  });
