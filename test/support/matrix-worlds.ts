import { rm } from 'node:fs/promises';

import { Api } from './api.js';
import { GatewayProcess } from './gateway-process.js';
import { makeWorld, type Admit, type MatrixWorld } from './matrix-world.js';
import { MAPPED, OidcGateway } from './oidc-gateway.js';
import { embeddedLogins } from './test-database.js';

/** A world, and what ends it. */
export interface RunningWorld {
  readonly world: MatrixWorld;
  /** What is answered otherwise than the page of expectations has it, by call and caller. */
  readonly otherwise: Readonly<Record<string, string>>;
  dispose(): Promise<void>;
}

/** Longer than any suite takes. */
const LIFE_SECONDS = 3_600;
const WORDS = Object.fromEntries(Object.entries(MAPPED).map(([word, role]) => [role, word]));

/** Everybody with a role in a tenant comes with a JWT of an OpenID provider. */
async function withIdentities(): Promise<RunningWorld> {
  const oidc = await OidcGateway.start({});
  const now = Math.floor(Date.now() / 1000);
  const jwt = (claims: Record<string, unknown>): Promise<string> =>
    oidc.provider.forged('somebody', { exp: now + LIFE_SECONDS, ...claims });
  const admit: Admit = async (tenantId, { role, scopes, sub_tenant_ids: subTenants }) => {
    const said = {
      tenant_id: tenantId,
      roles: [WORDS[role as string]],
      scope: (scopes as string[] | undefined)?.join(' '),
    };
    return oidc.root.as(await jwt({ ...said, sub_tenant_ids: subTenants, sub: crypto.randomUUID() }));
  };
  const boss = { tenant_id: 'whatever', roles: ['boss'] };
  const good = await jwt(boss);
  const bad = {
    garbage: good.replace(/\.[^.]+$/, '.AAAA'),
    malformed: good.replace('.', '..'),
    expired: await jwt({ ...boss, iat: now - 7_200, exp: now - LIFE_SECONDS }),
  };
  const world = await makeWorld(oidc.root, oidc.gateway.dataDir, { admit, bad });
  // A token that does not expire can do more than a JWT, which does.
  const otherwise = {
    'POST /v1/tenants/{tenant_id}/tokens/{token_id}/rotate as admin': '403 token_exceeds_maker',
  };
  return { world, otherwise, dispose: () => oidc.dispose() };
}

/** A deployment with parts of its own: tenant resolver, policy and storage. */
async function secondDeployment(): Promise<RunningWorld> {
  const gateway = await GatewayProcess.start({ program: 'test/deployment/main.mjs' });
  const world = await makeWorld(new Api(gateway.url, gateway.rootToken), gateway.dataDir);
  const dispose = async (): Promise<void> => {
    await gateway.dispose();
    await rm(`${gateway.dataDir}.sock`, { force: true });
  };
  return { world, otherwise: {}, dispose };
}

/** Everything is made on one gateway, and called on another that is beside it. */
async function twoGateways(): Promise<RunningWorld> {
  const one = await GatewayProcess.start();
  const { dataDir } = one;
  const logins = await embeddedLogins(dataDir);
  const env = { DATABASE_URL: logins.runtime(), DATABASE_MIGRATION_URL: logins.owner() };
  const other = await GatewayProcess.start({ dataDir, env });
  const world = await makeWorld(new Api(one.url, one.rootToken), dataDir, { calledAt: other.url });
  const dispose = async (): Promise<void> => {
    await other.dispose();
    await one.dispose();
  };
  return { world, otherwise: {}, dispose };
}

/** Where the smoke part of the isolation suites runs, beside API tokens, the policy of roles and one gateway. */
export const WORLDS: readonly (readonly [name: string, start: () => Promise<RunningWorld>])[] = [
  ['OIDC', withIdentities],
  ['the second deployment’s policy', secondDeployment],
  ['two gateways', twoGateways],
];
