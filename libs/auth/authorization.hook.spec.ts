import type { Access, GatewayReply, GatewayRequest } from '#http';
import type { Principal } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import { AccessPolicy, RolePolicy, type AccessDecision, type AccessRequest } from './access-policy.js';
import { authorizationHook, wasAllowed } from './authorization.hook.js';

const PRINCIPAL: Principal = {
  tokenId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  role: 'viewer',
  scopes: new Set(['sources:read']),
  tenant: { tenantId: 'acme', subTenantIds: null },
  expiresAt: null,
  ipRanges: null,
};

/** A policy with one answer to everything. */
class Always extends AccessPolicy {
  asked = 0;

  constructor(private readonly answer: () => unknown) {
    super();
  }

  override decide(): AccessDecision {
    this.asked += 1;
    return this.answer() as AccessDecision;
  }
}

/** A request as far as the hook looks at it; `complaints` is what it logs. */
function requestOf(
  access: Access | undefined,
  principal?: Principal,
  complaints: unknown[] = [],
): GatewayRequest {
  const config = access === undefined ? {} : { operation: { summary: '', access, tenancy: 'none' } };
  const log = { error: (...all: unknown[]) => complaints.push(all) };
  return { routeOptions: { config }, principal, log } as unknown as GatewayRequest;
}

/** Resolves once the hook has passed the request on. */
const run = (policy: AccessPolicy, request: GatewayRequest): Promise<void> =>
  new Promise<void>((resolve, reject) => {
    authorizationHook(policy)(request, {} as GatewayReply, resolve)?.then(resolve, reject);
  });

describe('authorizationHook', () => {
  it('lets a request on when the policy allows it, and only that one', async () => {
    const [request, other] = [requestOf({ anyOf: ['sources:read'] }, PRINCIPAL), requestOf(undefined)];
    await run(new RolePolicy(), request);
    expect([wasAllowed(request), wasAllowed(other)]).toEqual([true, false]);
  });

  it('asks the policy as it is when a request comes, not as it was when the hook was made', async () => {
    const policy = new RolePolicy();
    const hook = authorizationHook(policy);
    policy.decide = () => ({ allowed: false });
    const request = requestOf({ anyOf: ['sources:read'] }, PRINCIPAL);
    const passed = hook(request, {} as GatewayReply, () => undefined);
    await expect(passed).rejects.toMatchObject({ kind: { status: 403 } });
    expect(wasAllowed(request)).toBe(false);
  });

  it('refuses with the scopes that would do', async () => {
    const request = requestOf({ anyOf: ['sources:create', 'sources:write'] }, PRINCIPAL);
    await expect(run(new RolePolicy(), request)).rejects.toMatchObject({
      kind: { code: 'insufficient_scope', status: 403 },
      fields: { required_scopes: ['sources:create', 'sources:write'] },
    });
    expect(wasAllowed(request)).toBe(false);
  });

  it.each([
    ['answers nothing', () => undefined],
    ['answers yes, not true', () => ({ allowed: 'yes' })],
    ['answers with a promise of no', () => Promise.resolve({ allowed: false })],
  ])('AZ-13: refuses when the policy %s', async (_, answer) => {
    const request = requestOf({ anyOf: ['sources:read'] }, PRINCIPAL);
    await expect(run(new Always(answer), request)).rejects.toMatchObject({ kind: { status: 403 } });
    expect(wasAllowed(request)).toBe(false);
  });

  it('AZ-13: refuses when the policy fails, and says so in the log', async () => {
    const complaints: unknown[] = [];
    const request = requestOf({ anyOf: ['sources:read'] }, PRINCIPAL, complaints);
    const failing = new Always(() => {
      throw new Error('no rules today');
    });
    await expect(run(failing, request)).rejects.toMatchObject({ kind: { status: 403 } });
    expect([wasAllowed(request), complaints.length]).toEqual([false, 1]);
  });

  it('leaves of the principal’s scopes those that the policy grants each by itself', async () => {
    const held = new (class extends RolePolicy {
      override decide(asked: AccessRequest): AccessDecision {
        return super.decide({ ...asked, anyOf: asked.anyOf.filter((scope) => scope !== 'sources:write') });
      }
    })();
    const editor: Principal = { ...PRINCIPAL, scopes: new Set(['sources:create', 'sources:write']) };
    const request = requestOf({ anyOf: ['sources:create', 'sources:write'] }, editor);
    await run(held, request);
    expect([wasAllowed(request), [...(request.principal?.scopes ?? [])]]).toEqual([true, ['sources:create']]);
    const usual = requestOf({ anyOf: ['sources:create'] }, editor);
    await run(new RolePolicy(), usual);
    expect(usual.principal).toBe(editor);
  });

  it('refuses a request that nobody authenticated, without asking the policy', async () => {
    const policy = new Always(() => ({ allowed: true }));
    const request = requestOf({ anyOf: ['sources:read'] });
    await expect(run(policy, request)).rejects.toMatchObject({ kind: { status: 401 } });
    expect([policy.asked, wasAllowed(request)]).toEqual([0, false]);
  });

  it.each([undefined, 'public', 'authenticated'] as const)(
    'asks nothing where access is %p',
    async (access) => {
      const policy = new Always(() => ({ allowed: false }));
      await run(policy, requestOf(access, PRINCIPAL));
      expect(policy.asked).toBe(0);
    },
  );
});
