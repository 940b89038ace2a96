import { expect } from '@jest/globals';

import { Api, expectStatus, freshId, makeTenant, type Answer, type TestTenant } from './api.js';
import { PublicOrigin, type StartCachedProxy } from './cached-proxies.js';
import type { ForegroundServer } from './foreground-server.js';
import { sharedGateway } from './shared-gateway.js';

/** How often each question is put, so that an answer that was kept would be given. */
const TIMES = 3;
/** What nginx and haproxy say in `X-Cache` of an answer that did not come from behind them. */
const KEPT = /HIT|STALE|UPDATING|REVALIDATED/;

/** Two tenants of the shared gateway behind a proxy that caches. */
export class CachedWorld {
  private constructor(
    private readonly origin: PublicOrigin,
    private readonly proxy: ForegroundServer,
    readonly one: TestTenant,
    readonly two: TestTenant,
  ) {}

  static async make(start: StartCachedProxy): Promise<CachedWorld> {
    const { root, url } = sharedGateway();
    const origin = await PublicOrigin.start();
    const proxy = await start(url, origin.url);
    return new CachedWorld(origin, proxy, await makeTenant(root), await makeTenant(root));
  }

  async close(): Promise<void> {
    await this.proxy.stop();
    await this.origin.stop();
  }

  /** A caller without a token, through the proxy. */
  get anonymous(): Api {
    return new Api(this.proxy.url, null);
  }

  /** The same caller through the proxy. */
  through({ token }: Api): Api {
    return new Api(this.proxy.url, token);
  }

  /** Puts one question several times: none of the answers may have been kept, and all have to be alike. */
  async fresh(put: () => Promise<Answer>): Promise<Answer> {
    const first = await put();
    for (let time = 1; time <= TIMES; time += 1) {
      const { status, headers, text } = time === 1 ? first : await put();
      expect(headers.get('x-cache') ?? 'none').not.toMatch(KEPT);
      expect({ status, length: text.length }).toEqual({ status: first.status, length: first.text.length });
    }
    return first;
  }

  /** Puts a source under one new id into both tenants, `of <tenant>` in each, and answers the id. */
  async twins(): Promise<string> {
    const id = freshId('twin');
    for (const { editor, id: name } of [this.one, this.two])
      expectStatus(await editor.put(id, `of ${name}`), 201);
    return id;
  }
}
