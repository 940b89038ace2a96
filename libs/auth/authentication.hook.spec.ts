import type { Access, GatewayReply, GatewayRequest } from '#http';
import type { Principal } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import { authenticationHook } from './authentication.hook.js';
import { Authenticator, type CredentialRequest } from './authenticator.js';

const PRINCIPAL: Principal = {
  tokenId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  role: 'viewer',
  scopes: new Set(['sources:read']),
  tenant: { tenantId: 'acme', subTenantIds: null },
  expiresAt: null,
  ipRanges: null,
};

/** Remembers what it was asked. */
class Witness extends Authenticator {
  readonly asked: CredentialRequest[] = [];

  constructor(private readonly answer: Principal | null | Error) {
    super();
  }

  override async authenticate(request: CredentialRequest): Promise<Principal | null> {
    this.asked.push(request);
    if (this.answer instanceof Error) throw this.answer;
    return this.answer;
  }
}

/** A request as far as the hook looks at it. */
function requestOf(access: Access | undefined, ...rawHeaders: string[]): GatewayRequest {
  const config = access === undefined ? {} : { operation: { summary: '', access, tenancy: 'none' } };
  return { routeOptions: { config }, raw: { rawHeaders }, ip: '192.0.2.7' } as unknown as GatewayRequest;
}

/** Resolves once the hook has passed the request on. */
async function run(authenticator: Authenticator, request: GatewayRequest): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    authenticationHook(authenticator)(request, {} as GatewayReply, resolve)?.then(resolve, reject);
  });
}

describe('authenticationHook', () => {
  it('passes a request on at once that is known at once', () => {
    class Known extends Authenticator {
      override authenticate = () => PRINCIPAL;
    }
    const request = requestOf('authenticated');
    let isPassedOn = false;
    const end = authenticationHook(new Known())(request, {} as GatewayReply, () => (isPassedOn = true));
    expect([end, isPassedOn, request.principal]).toEqual([undefined, true, PRINCIPAL]);
  });

  it('answers what is thrown at once like what is thrown later', async () => {
    class Failing extends Authenticator {
      override authenticate = (): never => {
        throw new Error('no');
      };
    }
    await expect(run(new Failing(), requestOf('authenticated'))).rejects.toThrow('no');
    await expect(run(new Witness(new Error('no')), requestOf('authenticated'))).rejects.toThrow('no');
  });

  it('hands on every Authorization field there is, as sent, in any case and order', async () => {
    const witness = new Witness(PRINCIPAL);
    await run(
      witness,
      requestOf(
        'authenticated',
        'Host',
        'a',
        'AUTHORIZATION',
        'Bearer one',
        'X',
        'authorization',
        'authorization',
        '',
      ),
    );
    expect(witness.asked).toEqual([{ authorization: ['Bearer one', ''], address: '192.0.2.7' }]);
  });

  it('AN-16: takes no credential from a header of another name, nor from a value that looks like a name', async () => {
    const witness = new Witness(null);
    const request = requestOf(
      { anyOf: ['sources:read'] },
      ...[
        'X-Authorization',
        'Bearer one',
        'Proxy-Authorization',
        'Bearer two',
        'X-Note',
        'Authorization',
        'X',
        'Bearer three',
      ],
    );
    await expect(run(witness, request)).rejects.toMatchObject({
      kind: { code: 'credentials_missing', status: 401 },
    });
    expect(witness.asked[0]?.authorization).toEqual([]);
    expect(request.principal).toBeUndefined();
  });

  it('makes the principal known to what comes after', async () => {
    const request = requestOf({ anyOf: ['sources:read'] }, 'Authorization', 'Bearer one');
    await run(new Witness(PRINCIPAL), request);
    expect(request.principal).toBe(PRINCIPAL);
  });

  it.each(['authenticated' as const, { anyOf: ['sources:read'] as const }])(
    'refuses a request without a credential where access is %j',
    async (access) => {
      await expect(run(new Witness(null), requestOf(access as Access))).rejects.toMatchObject({
        kind: { code: 'credentials_missing' },
      });
    },
  );

  it('AZ-13: lets nobody in when the authenticator fails', async () => {
    const request = requestOf('authenticated', 'Authorization', 'Bearer one');
    await expect(run(new Witness(new Error('away')), request)).rejects.toThrow('away');
    expect(request.principal).toBeUndefined();
  });

  it.each(['public' as const, undefined])('asks nobody where access is %p', async (access) => {
    const witness = new Witness(new Error('asked'));
    const request = requestOf(access, 'Authorization', 'Bearer bad');
    await run(witness, request);
    expect(witness.asked).toEqual([]);
    expect(request.principal).toBeUndefined();
  });
});
