import { Api, freshId, makeProxyTenant, makeToken, type TestTenant } from './api.js';
import {
  beginUpload,
  bindInPlace,
  done,
  makeExpiredLink,
  makeOrphanedLink,
  makeSubTenant,
  makeTarget,
  revoke,
  sendUpload,
  type Target,
} from './matrix-targets.js';
import { asOwner } from './owner-connection.js';
import { lookAgain } from './look-again.js';

/** Somebody who calls, as the page of expectations names them. */
export interface MatrixCaller {
  readonly api: Api;
  /** What the calls are aimed at. */
  readonly target: Target;
  /** Where it says that it acts: in headers, or in the body of the fetch calls. */
  readonly tenant?: string;
  readonly subTenant?: string;
  /** Tenant named in the body of a fetch call, which always has one. */
  readonly fetchTenant?: string;
}

/** Tenants, targets, callers and links of the matrix. */
export interface MatrixWorld {
  readonly root: Api;
  readonly home: TestTenant;
  /** Sub-tenant of {@link home} that the targets lie in. */
  readonly place: string;
  readonly callers: Readonly<Record<string, MatrixCaller>>;
  /** By the words that the page has for them; empty for a good one. */
  readonly links: Readonly<Record<string, string>>;
  /** Upload URLs by the words that the page has for them; a good one is that of the target. */
  readonly uploads: Readonly<Record<string, string>>;
  /** An upload at home that is complete. */
  readonly completedId: string;
}

/** Makes somebody of a tenant: `role`, and what narrows it (`scopes`, `sub_tenant_ids`), as for a token. */
export type Admit = (tenantId: string, wish: Readonly<Record<string, unknown>>) => Promise<Api>;

/** In what a world differs from one of API tokens on one gateway. */
export interface WorldParts {
  /** How callers with a role in a tenant come by their credential; an API token when absent. */
  readonly admit?: Admit;
  /** Credentials that are no good, by the names of their callers, in place of those that would be made. */
  readonly bad?: Readonly<Record<string, string>>;
  /** The gateway that is called; the one where everything is made when absent. */
  readonly calledAt?: string;
}

/** Makes everything that the calls of the matrix are aimed at, and everybody who makes them. */
export async function makeWorld(root: Api, dataDir: string, parts: WorldParts = {}): Promise<MatrixWorld> {
  const { admit = (id, wish) => makeToken(root, id, wish), bad = {}, calledAt = root.url } = parts;
  const [home, elsewhere, off] = [
    await makeProxyTenant(root),
    await makeProxyTenant(root),
    await makeProxyTenant(root),
  ];
  const third = (await makeProxyTenant(root)).id;
  const [place, beside, shut] = [freshId('a'), freshId('b'), freshId('c')];
  for (const id of [place, shut]) await makeSubTenant(root, home.id, id);
  done(await root.post(`/v1/tenants/${home.id}/sub-tenants`, { sub_tenant_id: beside }));
  const targets = {
    home: await makeTarget(root, home.id, place),
    shut: await makeTarget(root, home.id, shut, shut),
    off: await makeTarget(root, off.id, await makeSubTenant(root, off.id, freshId('a'))),
    third: await makeTarget(root, third, 'default'),
  };
  await bindInPlace(root, home.id);
  const links = await makeLinks(root, dataDir, targets);
  const [uploads, completedId] = [await makeUploads(root, targets), await completeOne(root, targets.home)];
  const callers = {
    ...(await withoutCredential(root, dataDir, home, targets.home, bad)),
    ...(await fromElsewhere(admit, { home, elsewhere, off, beside, targets })),
    ...(await atHome(root, admit, home, targets.home)),
  };
  done(await root.post(`/v1/tenants/${off.id}/suspend`));
  done(await root.post(`/v1/tenants/${home.id}/sub-tenants/${shut}/suspend`));
  return { root, home, place, callers: callingAt(calledAt, callers), links, uploads, completedId };
}

function callingAt(url: string, callers: Callers): Callers {
  const moved = Object.entries(callers).map(([name, caller]): [string, MatrixCaller] => [
    name,
    { ...caller, api: new Api(url, caller.api.token) },
  ]);
  return Object.fromEntries(moved);
}

const ADMIN = { role: 'admin' };

type Callers = Record<string, MatrixCaller>;
type Targets = Readonly<Record<'home' | 'shut' | 'off' | 'third', Target>>;

async function withoutCredential(
  root: Api,
  dataDir: string,
  home: TestTenant,
  target: Target,
  bad: Readonly<Record<string, string>>,
): Promise<Callers> {
  const [expired, revoked] = [await makeAdmin(root, home.id), await makeAdmin(root, home.id)];
  const { token_id: id } = done(await expired.get('/v1/me')).json;
  await asOwner(dataDir, (owner) =>
    owner.query('UPDATE tokens SET expires_at = now() WHERE token_id = $1', [id]),
  );
  await lookAgain(root);
  await revoke(root, revoked, home.id);
  const good = home.admin.token ?? '';
  const tokens: Record<string, string | null> = {
    anonymous: null,
    garbage: 'xyz',
    malformed: `${good.slice(0, -1)}${good.endsWith('0') ? '1' : '0'}`,
    expired: expired.token,
    revoked: revoked.token,
    ...bad,
  };
  const named = { target, subTenant: target.subTenantId, fetchTenant: home.id };
  return Object.fromEntries(
    Object.entries(tokens).map(([name, token]) => [name, { api: root.as(token), ...named }]),
  );
}

async function fromElsewhere(
  admit: Admit,
  tenants: Readonly<Record<'home' | 'elsewhere' | 'off', TestTenant>> & { beside: string; targets: Targets },
): Promise<Callers> {
  const { home, elsewhere, off, beside, targets } = tenants;
  const [stranger, ofOff, sibling, shut] = [
    await admit(elsewhere.id, ADMIN),
    await admit(off.id, ADMIN),
    await admit(home.id, { ...ADMIN, sub_tenant_ids: [beside] }),
    await admit(home.id, { ...ADMIN, sub_tenant_ids: [targets.shut.subTenantId] }),
  ];
  const here = { tenant: home.id, subTenant: targets.home.subTenantId, fetchTenant: home.id };
  const atHome = { target: targets.home, fetchTenant: home.id };
  return {
    stranger: { api: stranger, target: targets.home, fetchTenant: elsewhere.id },
    'stranger here': { api: stranger, target: targets.home, ...here },
    sibling: { api: sibling, ...atHome, subTenant: beside },
    'sibling here': { api: sibling, ...atHome, ...here },
    'tenant off': {
      api: ofOff,
      target: targets.off,
      subTenant: targets.off.subTenantId,
      fetchTenant: off.id,
    },
    'sub-tenant off': {
      api: shut,
      target: targets.shut,
      subTenant: targets.shut.subTenantId,
      fetchTenant: home.id,
    },
  };
}

async function atHome(root: Api, admit: Admit, home: TestTenant, target: Target): Promise<Callers> {
  const named = { target, subTenant: target.subTenantId, fetchTenant: home.id };
  return {
    admin: { api: await admit(home.id, ADMIN), ...named },
    editor: { api: await admit(home.id, { role: 'editor' }), ...named },
    viewer: { api: await admit(home.id, { role: 'viewer' }), ...named },
    uploader: { api: await admit(home.id, { role: 'uploader' }), ...named },
    'other scope': { api: await admit(home.id, { ...ADMIN, scopes: ['usage:read'] }), ...named },
    platform: { api: root, ...named, tenant: home.id },
    'platform at large': { api: root, target },
  };
}

async function makeLinks(root: Api, dataDir: string, targets: Targets): Promise<Record<string, string>> {
  const { home, shut, off, third } = targets;
  const [ended, orphan] = [
    await makeTarget(root, home.tenantId, home.subTenantId),
    await makeTarget(root, home.tenantId, home.subTenantId),
  ];
  const headers = { 'x-tenant-id': home.tenantId, 'x-sub-tenant-id': home.subTenantId };
  done(await root.delete(`/v1/links/${ended.linkId}`, { headers }));
  done(await root.delete(`/v1/sources/${orphan.sourceId}`, { headers }));
  return {
    '': home.linkUrl,
    'of another tenant': third.linkUrl,
    damaged: changed(home.linkUrl),
    expired: await makeExpiredLink(root, dataDir, home),
    'taken back': ended.linkUrl,
    'of a deleted source': orphan.linkUrl,
    'of a revoked token': await makeOrphanedLink(root, home),
    'of a suspended tenant': off.linkUrl,
    'of a suspended sub-tenant': shut.linkUrl,
  };
}

async function makeUploads(root: Api, targets: Targets): Promise<Record<string, string>> {
  const { home, shut, off } = targets;
  const headers = { 'x-tenant-id': home.tenantId, 'x-sub-tenant-id': home.subTenantId };
  const [used, given, orphan, ended] = [
    await beginUpload(root, headers),
    await beginUpload(root, headers),
    await beginUpload(root, headers),
    await beginUpload(root, headers),
  ];
  await sendUpload(root, used.url as string);
  done(await root.delete(`/v1/uploads/${String(given.upload_id)}`, { headers }));
  done(await root.delete(`/v1/sources/${String(orphan.source_id)}`, { headers }));
  const mark = { source_id: String(ended.source_id) };
  done(await root.post(`/v1/tenants/${home.tenantId}/links/revoke`, mark));
  const editor = await makeToken(root, home.tenantId, { role: 'editor' });
  const { url: leaked } = await beginUpload(editor, { 'x-sub-tenant-id': home.subTenantId });
  await revoke(root, editor, home.tenantId);
  return {
    damaged: changed(home.uploadUrl),
    'once more': used.url as string,
    'given up': given.url as string,
    'taken back': ended.url as string,
    'of a deleted source': orphan.url as string,
    'of a revoked token': leaked as string,
    'of a suspended tenant': off.uploadUrl,
    'of a suspended sub-tenant': shut.uploadUrl,
  };
}

async function completeOne(root: Api, { tenantId, subTenantId }: Target): Promise<string> {
  const headers = { 'x-tenant-id': tenantId, 'x-sub-tenant-id': subTenantId };
  const { upload_id: id, url } = await beginUpload(root, headers);
  await sendUpload(root, url as string);
  return id as string;
}

/** A URL with one character of its signature changed. */
function changed(url: string): string {
  const middle = url.length - 30;
  return `${url.slice(0, middle)}${url[middle] === 'A' ? 'B' : 'A'}${url.slice(middle + 1)}`;
}

function makeAdmin(root: Api, tenantId: string): Promise<Api> {
  return makeToken(root, tenantId, ADMIN);
}
