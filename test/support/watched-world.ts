import { type Api, expectStatus, makeProxyTenant, makeToken, type Answer, type TestTenant } from './api.js';
import { ObservedThing, type Look, type Place } from './observed-thing.js';

/** What can be changed of a {@link WatchedWorld}. */
export const CHANGES = [
  'content',
  'name',
  'make anew',
  'revoke token',
  'revoke link',
  'end URLs',
  'suspend',
  'rotate keys',
] as const;

type Change = (typeof CHANGES)[number];

/** What one request saw, of what: 401, 403, 404 and 410 stand for what is not there. */
export interface Seen extends Look {
  readonly via: 'metadata' | 'content' | 'link' | 'URL';
  readonly status: number;
  readonly found: string | null;
  /** The token, link or URL that it was asked with. */
  readonly key: ObservedThing<boolean>;
}

interface Keyed {
  readonly text: string;
  readonly lives: ObservedThing<boolean>;
}

interface Token extends Keyed {
  readonly id: string;
}

/** One source, with a token, a managed link and a URL that open it, all of which are changed and looked at by turns. */
export class WatchedWorld {
  readonly #content = new ObservedThing<string | null>('0');
  readonly #name = new ObservedThing('0');
  readonly #serves = new ObservedThing(true);
  /** Links and URLs that are good, and that nobody looks at any more because there are newer ones. */
  readonly #former: ObservedThing<boolean>[] = [];
  #count = 0;

  private constructor(
    private readonly roots: readonly Api[],
    private readonly tenant: TestTenant,
    private token: Token,
    private link: Token,
    private url: Keyed,
  ) {}

  /** A new one; `roots` are the platform's administrator at each of the gateways. */
  static async make(roots: readonly Api[]): Promise<WatchedWorld> {
    const tenant = await makeProxyTenant(roots[0] as Api);
    expectStatus(await put(tenant.editor, '0', '0'), 201);
    const [token, link, url] = await Promise.all([
      freshToken(tenant),
      freshLink(tenant.admin),
      freshUrl(tenant),
    ]);
    return new WatchedWorld(roots, tenant, token, link, url);
  }

  /** Makes a change through a gateway, and whatever has ended by it anew. */
  async change(change: Change, at: Place): Promise<void> {
    this.#count += 1;
    await this.#changes[change](this.#at(at, this.tenant.admin), at, String(this.#count));
  }

  /** Looks at everything through a gateway, with all that has opened it lately. */
  async look(at: Place): Promise<Seen[]> {
    const { token, link, url } = this;
    const reader = this.#at(at, this.tenant.viewer).as(token.text);
    const open = reader.as(null);
    return await Promise.all([
      seen(at, 'metadata', token.lives, () => reader.get('/v1/sources/doc')),
      seen(at, 'content', token.lives, () => reader.get('/v1/sources/doc/content')),
      seen(at, 'link', link.lives, () => open.get(link.text)),
      seen(at, 'URL', url.lives, () => open.get(url.text)),
    ]);
  }

  /** Whether something could be seen so, by what was changed where and when. */
  isPossible(one: Seen): boolean {
    const { status, found, key, via } = one;
    const lives = key.possible(one);
    const serves = this.#serves.possible(one);
    const contents = this.#content.possible(one);
    if (status === 200) {
      const versions = via === 'metadata' ? this.#name.possible(one) : contents;
      return lives.includes(true) && serves.includes(true) && versions.includes(found);
    }
    if (status === 401) return lives.includes(false);
    if (status === 403) return serves.includes(false);
    if (status === 404) return contents.includes(null);
    return status === 410 && [lives, serves].some((possible) => possible.includes(false));
  }

  describe({ at, via, status, found, began, ended }: Seen): string {
    const when = `${began.toFixed(0)} to ${ended.toFixed(0)}`;
    return `${via} at gateway ${at}, ${when}: ${status} ${found ?? ''}`;
  }

  readonly #changes: Record<Change, (admin: Api, at: Place, value: string) => Promise<void>> = {
    content: (admin, at, value) =>
      this.#content.change(value, at, async () => expectStatus(await put(admin, value), 200)),
    name: (admin, at, value) =>
      this.#name.change(value, at, async () =>
        expectStatus(await admin.patch('/v1/sources/doc', { name: value }), 200),
      ),
    // Links and URLs end with the source that they were made for.
    'make anew': async (admin, at, value) => {
      const remove = async (): Promise<void> => expectStatus(await admin.delete('/v1/sources/doc'), 204);
      await this.#endLinks(at, () => this.#content.change(null, at, remove));
      const make = async (): Promise<void> => expectStatus(await put(admin, value, value), 201);
      await this.#name.change(value, at, () => this.#content.change(value, at, make));
      await this.#freshLinks(admin);
    },
    'revoke token': async (admin, at) => {
      const path = `/v1/tenants/${this.tenant.id}/tokens/${this.token.id}`;
      await this.token.lives.change(false, at, async () => expectStatus(await admin.delete(path), 204));
      this.token = await freshToken({ ...this.tenant, admin });
    },
    'revoke link': async (admin, at) => {
      const path = `/v1/links/${this.link.id}`;
      await this.link.lives.change(false, at, async () => expectStatus(await admin.delete(path), 204));
      this.link = await freshLink(admin);
    },
    // Made anew by the gateway that knows of the end: what another makes in that second may have ended with it.
    'end URLs': async (admin, at) => {
      const path = `/v1/tenants/${this.tenant.id}/links/revoke`;
      await this.#endLinks(at, async () => expectStatus(await admin.post(path, { all: true }), 200));
      await this.#freshLinks(admin);
    },
    suspend: async (_admin, at) => {
      const root = this.roots[at] as Api;
      const ask = async (what: string): Promise<void> =>
        expectStatus(await root.post(`/v1/tenants/${this.tenant.id}/${what}`), 200);
      await this.#serves.change(false, at, () => ask('suspend'));
      await this.#serves.change(true, at, () => ask('resume'));
      await this.#servedByAll();
    },
    'rotate keys': async (admin) => {
      expectStatus(await admin.post(`/v1/tenants/${this.tenant.id}/signing-keys/rotate`, {}), 201);
      this.#former.push(this.link.lives, this.url.lives);
      await this.#freshLinks(admin);
    },
  };

  /** Those that a slow request may still be under way with end as well. */
  async #endLinks(at: Place, end: () => Promise<unknown>): Promise<void> {
    const ended = [this.link.lives, this.url.lives, ...this.#former.splice(0)];
    const endAll = ended.reduce<() => Promise<unknown>>(
      (rest, thing) => () => thing.change(false, at, rest),
      end,
    );
    await endAll();
  }

  async #freshLinks(admin: Api): Promise<void> {
    this.link = await freshLink(admin);
    this.url = await freshUrl({ ...this.tenant, editor: admin });
  }

  /** The next change may come to another gateway, which may refuse it for a second. */
  async #servedByAll(): Promise<void> {
    for (const root of this.roots) {
      const admin = root.as(this.tenant.admin.token);
      while ((await admin.get('/v1/sources/doc')).status === 403);
    }
  }

  #at(at: Place, caller: Api): Api {
    return (this.roots[at] as Api).as(caller.token);
  }
}

async function seen(
  at: Place,
  via: Seen['via'],
  key: ObservedThing<boolean>,
  ask: () => Promise<Answer>,
): Promise<Seen> {
  const began = performance.now();
  const answer = await ask();
  const ended = performance.now();
  const text = via === 'metadata' ? String(answer.json?.name) : answer.text;
  return { at, via, key, began, ended, status: answer.status, found: answer.status === 200 ? text : null };
}

function put(admin: Api, body: string, name?: string): Promise<Answer> {
  const query = name === undefined ? '' : `?name=${name}`;
  return admin.request('PUT', `/v1/sources/doc/content${query}`, { body });
}

async function freshToken({ admin, id }: TestTenant): Promise<Token> {
  const { token } = await makeToken(admin, id, { role: 'viewer' });
  const me = await admin.as(token).get('/v1/me');
  return { text: token ?? '', id: String(me.json.token_id), lives: new ObservedThing(true) };
}

async function freshLink(admin: Api): Promise<Token> {
  const made = await admin.post('/v1/sources/doc/links', {});
  expectStatus(made, 201);
  const { link_id: id, url } = made.json;
  return { text: new URL(String(url)).pathname, id: String(id), lives: new ObservedThing(true) };
}

async function freshUrl({ editor, id }: TestTenant): Promise<Keyed> {
  const made = await editor.post('/fetch/content', { tenant_id: id, source_id: 'doc', mode: 'url' });
  expectStatus(made, 200);
  return { text: new URL(String(made.json.presigned_url)).pathname, lives: new ObservedThing(true) };
}
