import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ConfigError, parseConfig, type ConfigFault } from './index.js';

const LEAST = { issuer: 'https://login.example.com', audience: 'files', roles: { boss: 'admin' } };

function read(...issuers: unknown[]): ReturnType<typeof parseConfig>['oidc']['issuers'] {
  return parseConfig({ GATEHOLD_OIDC_ISSUERS: JSON.stringify(issuers) }).oidc.issuers;
}

function faultOf(env: NodeJS.ProcessEnv): ConfigFault | undefined {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults[0];
    throw error;
  }
  return undefined;
}

describe('GATEHOLD_OIDC_ISSUERS', () => {
  it('needs an issuer, an audience and what roles mean; the rest has names that are usual', () => {
    expect(read(LEAST)).toEqual([
      {
        issuer: 'https://login.example.com',
        audiences: ['files'],
        tenant: null,
        tenants: null,
        tenantClaim: ['tenant_id'],
        subTenantsClaim: ['sub_tenant_ids'],
        rolesClaim: ['roles'],
        roles: { boss: 'admin' },
      },
    ]);
    const more = {
      ...LEAST,
      audience: ['a', 'b'],
      tenants: ['acme'],
      roles_claim: ['realm_access', 'roles'],
    };
    expect(read(more)[0]).toMatchObject({ audiences: ['a', 'b'], tenants: ['acme'] });
    expect(read(LEAST, { ...LEAST, issuer: 'http://127.0.0.1:9000/realm' })).toHaveLength(2);
  });

  it('AN-12: refuses what could let in the wrong ones, without repeating any of it', () => {
    for (const bad of [
      { ...LEAST, audience: undefined },
      { ...LEAST, audience: [] },
      { ...LEAST, audience: '' },
      { ...LEAST, issuer: 'http://canary.example.com' },
      { ...LEAST, issuer: 'https://canary:secret@example.com' },
      { ...LEAST, issuer: 'https://example.com?canary' },
      { ...LEAST, roles: {} },
      { ...LEAST, roles: { canary: 'owner' } },
      { ...LEAST, tenant: 'canary', roles: { boss: 'platform_admin' } },
      { ...LEAST, tenant: 'canary', tenants: ['canary'] },
      { ...LEAST, canary: true },
      'canary',
    ]) {
      const fault = faultOf({ GATEHOLD_OIDC_ISSUERS: JSON.stringify([bad]) });
      expect(fault?.name).toBe('GATEHOLD_OIDC_ISSUERS');
      expect(fault?.reason).not.toContain('canary');
    }
    for (const text of ['[]', '[', '{}', JSON.stringify([LEAST, LEAST]), '/no/such/file'])
      expect(faultOf({ GATEHOLD_OIDC_ISSUERS: text })?.name).toBe('GATEHOLD_OIDC_ISSUERS');
    expect(faultOf({ GATEHOLD_OIDC_CLOCK_SKEW_SECONDS: '301' })?.name).toBe(
      'GATEHOLD_OIDC_CLOCK_SKEW_SECONDS',
    );
  });

  it('may be the path of a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehold-test-'));
    try {
      await writeFile(join(folder, 'issuers.json'), JSON.stringify([LEAST]));
      const env = { GATEHOLD_OIDC_ISSUERS: join(folder, 'issuers.json') };
      expect(parseConfig(env).oidc.issuers).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('AN-01: has no root token beside it that would be taken for a JWT', () => {
    const env = { GATEHOLD_ROOT_TOKEN: '4f1c2a9be07d3586.6b1e0a7c9d24f3b8.x' };
    expect(faultOf(env)).toBeUndefined();
    expect(faultOf({ ...env, GATEHOLD_OIDC_ISSUERS: JSON.stringify([LEAST]) })?.name).toBe(
      'GATEHOLD_ROOT_TOKEN',
    );
  });
});
