import { Sealer, Secret } from '#kernel';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  expectStatus,
  freshId,
  makeProxyTenant,
  type Answer,
  type Api,
  type TestTenant,
} from '../support/api.js';
import { azureBinding, sharedAzurite } from '../support/azurite.js';
import { dumpOf, secretsInDump, writtenForms } from '../support/database-dump.js';
import { OidcGateway } from '../support/oidc-gateway.js';
import { asOwner } from '../support/owner-connection.js';
import { embeddedLogins } from '../support/test-database.js';

jest.setTimeout(120_000);

const TENANT = 'dumped';
const CLIENTS = {
  writer: { tenant_id: TENANT, roles: ['writer'] },
  boss: { tenant_id: TENANT, roles: ['boss'] },
};

let oidc: OidcGateway;
let tenant: TestTenant;
let dump: string;
/** Everything that opens something, by what it is. */
const secrets: Record<string, string | Buffer> = {};
/** What is good is no secret of yesterday: by the name of a credential, a call that it makes. */
const uses: Record<string, () => Promise<Answer>> = {};

const keyed = (): { headers: Record<string, string> } => ({ headers: { 'idempotency-key': freshId('key') } });

/** Secrets are looked for whole, and by the part that nobody could guess. */
function keep(what: string, whole: string, part: string): void {
  secrets[what] = whole;
  secrets[`${what}, its secret part`] = part;
}

function keepToken(what: string, token: string): void {
  keep(what, token, token.slice(-38, -6));
  uses[what] = () => oidc.root.as(token).get('/v1/me');
}

/** A URL of the gateway's: its text, and the signature at its end. */
function keepUrl(what: string, url: string, use: (api: Api) => Promise<Answer>): void {
  const text = url.split('/').at(-1) ?? '';
  keep(what, text, text.slice(-40));
  uses[what] = () => use(oidc.root.as(null));
}

async function keepTokens(): Promise<void> {
  const path = `/v1/tenants/${tenant.id}/tokens`;
  const wish = { name: 'dumped', role: 'viewer' };
  for (const [what, maker, options] of [
    ['a token', tenant.admin, {}],
    ['a token whose answer is kept', tenant.admin, keyed()],
    ['a token made by the platform', oidc.root, keyed()],
  ] as const) {
    const made = await maker.post(path, wish, options);
    expectStatus(made, 201);
    keepToken(what, made.json.token as string);
    const rotate = `${path}/${made.json.token_id as string}/rotate`;
    const rotated = await tenant.admin.post(rotate, { overlap_seconds: 3_600 }, keyed());
    expectStatus(rotated, 201);
    keepToken(`${what}, rotated`, rotated.json.token as string);
  }
}

async function keepUrls(): Promise<void> {
  const sourceId = (await tenant.editor.put('doc', 'kept')).json.source_id as string;
  for (const [what, options] of [
    ['a link', {}],
    ['a link whose answer is kept', keyed()],
  ] as const) {
    const { url } = (await tenant.editor.post('/v1/sources/doc/links', {}, options)).json as { url: string };
    keepUrl(what, url, (api) => api.get(url));
  }
  const batch = await tenant.editor.post('/v1/links/batch', { source_ids: [sourceId] }, keyed());
  const download = await tenant.viewer.get(`/knowledge-base/sources/${sourceId}/download`);
  for (const [what, url] of [
    ['a URL of a batch', batch.json.data[0].url as string],
    ['a download URL', download.json.download_url as string],
  ] as const)
    keepUrl(what, url, (api) => api.get(url));
  for (const [what, options] of [
    ['an upload URL', {}],
    ['an upload URL whose answer is kept', keyed()],
  ] as const) {
    const wish = { name: 'up.txt', content_type: 'text/plain' };
    const { url } = (await tenant.editor.post('/v1/uploads', wish, options)).json as { url: string };
    const body = { body: 'sent', headers: { 'content-type': 'text/plain' } };
    keepUrl(what, url, (api) => api.request('PUT', url, body));
  }
}

async function keepIdentities(): Promise<void> {
  for (const client of ['writer', 'boss'] as const) {
    const person = await oidc.as(client);
    const jwt = person.token ?? '';
    keep(`the JWT of a ${client}`, jwt, jwt.split('.')[2] ?? '');
    uses[`the JWT of a ${client}`] = () => person.get('/v1/me');
    expectStatus(await person.put(`by-${client}`, 'x'), 201);
    expectStatus(await person.post(`/v1/sources/by-${client}/links`, {}, keyed()), 201);
  }
  expectStatus(await (await oidc.as('boss')).get('/v1/sources'), 200);
}

async function keepStorage(): Promise<void> {
  const { account } = await sharedAzurite();
  const json = { ...azureBinding(account, freshId('dumped')), create: true, delivery: 'direct' };
  const path = `/v1/tenants/${tenant.id}/storage-binding`;
  expectStatus(await tenant.admin.request('PUT', path, { json }), 200);
  keep('the key of a storage account', account.accountKey, account.accountKey.slice(0, 40));
  secrets['the key of a storage account, as bytes'] = Buffer.from(account.accountKey, 'base64');
  const begun = await tenant.editor.post('/v1/uploads', { name: 'direct.txt', size_bytes: 1 }, keyed());
  const signature = new URL(begun.json.url as string).searchParams.get('sig') ?? '';
  expect(signature).not.toBe('');
  secrets['the signature of a URL of the storage'] = signature;
}

async function keepKeys(): Promise<void> {
  const { dataDir } = oidc.gateway;
  const read = async (file: string): Promise<string> => (await readFile(join(dataDir, file), 'utf8')).trim();
  const master = Buffer.from(await read('master-key'), 'base64');
  secrets['the master key'] = master;
  secrets['the root token'] = await read('root-token');
  for (const role of ['owner', 'runtime'])
    secrets[`the password of the ${role}`] = await read(`postgres/${role}-password`);
  expectStatus(await tenant.admin.post(`/v1/tenants/${tenant.id}/signing-keys/rotate`, {}), 201);
  const { rows } = await asOwner(dataDir, (owner) =>
    owner.query<{ id: number; sealed: Buffer }>(
      'SELECT key_id AS id, sealed FROM signing_keys WHERE tenant_id = $1',
      [tenant.id],
    ),
  );
  expect(rows).toHaveLength(2);
  const sealer = new Sealer(new Secret(master));
  for (const { id, sealed } of rows)
    secrets[`signing key ${id}`] = sealer.open(sealed, `signing-key:${tenant.id}:${id}`);
}

beforeAll(async () => {
  oidc = await OidcGateway.start(CLIENTS, { GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8' });
  tenant = await makeProxyTenant(oidc.root, TENANT);
  await keepTokens();
  await keepUrls();
  await keepIdentities();
  await keepKeys();
  await keepStorage();
  dump = await dumpOf((await embeddedLogins(oidc.gateway.dataDir)).owner());
});
afterAll(() => oidc.dispose());

describe('AN-08: a dump of the database', () => {
  it('holds no token, rotated or not, no JWT, link, upload URL, key or password, in whatever form', () => {
    expect(Object.keys(secrets).length).toBeGreaterThan(35);
    expect(secretsInDump(dump, secrets)).toEqual([]);
  });

  it('is of a database in which all of them are good', async () => {
    for (const [what, use] of Object.entries(uses)) {
      const { status } = await use();
      expect([what, status < 300]).toEqual([what, true]);
    }
    for (const there of [`tenants: (${TENANT}`, 'tokens: ', 'links: ', 'uploads: ', 'idempotency_keys: '])
      expect(dump).toContain(there);
  });

  it('opens nothing for whoever sends what does stand in it', async () => {
    const hashes = [...dump.matchAll(/\\\\?x([0-9a-f]{64})\b/g)].map(([, hash = '']) => hash);
    expect(hashes.length).toBeGreaterThan(10);
    for (const hash of new Set(hashes.slice(0, 50))) {
      const forms = [hash, Buffer.from(hash, 'hex').toString('base64'), `gth_${hash}`];
      for (const form of forms) expect((await oidc.root.as(form).get('/v1/me')).status).toBe(401);
    }
  });

  it.each([
    ['plain', (form: Record<string, string>) => form['plain']],
    ['hex', (form: Record<string, string>) => form['hex']?.toUpperCase()],
    ['URL-encoded', (form: Record<string, string>) => form['URL-encoded']],
  ])('would show one that stood in it: %s', (_form, pick) => {
    const secret = 'a+secret/of=the tests, which opens nothing';
    const leaking = `${dump}\nsources: (x,${String(pick(writtenForms(secret)))},y)`;
    expect(secretsInDump(leaking, { it: secret })).toEqual([expect.stringMatching(/^it, .*, in sources$/)]);
  });

  it.each([0, 1, 2])('would show one that stood in base64 in it, %i bytes after the beginning', (offset) => {
    const secret = 'a secret of the tests, which opens nothing';
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = Buffer.from(`${'{"a'.slice(0, offset)}${secret} and more`).toString(encoding);
      expect(secretsInDump(`${dump}\nlinks: (${text})`, { it: secret })).not.toEqual([]);
    }
  });
});
