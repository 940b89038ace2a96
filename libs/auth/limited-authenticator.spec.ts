import { Clock, CodedError, CommonErrors, type Principal } from '#kernel';
import { describe, expect, it } from '@jest/globals';

import { AuthErrors } from './auth.errors.js';
import { Authenticator, type CredentialRequest } from './authenticator.js';
import { FailedAttempts } from './failed-attempts.js';
import { LimitedAuthenticator } from './limited-authenticator.js';

const PRINCIPAL = { tokenId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b' } as Principal;
const AWAY = new CodedError(CommonErrors.unavailable, 'Temporarily unavailable.');

/** Answers as the credential says. */
class Scripted extends Authenticator {
  override authenticate({ authorization }: CredentialRequest): Promise<Principal | null> {
    switch (authorization[0]) {
      case undefined:
        return Promise.resolve(null);
      case 'good':
        return Promise.resolve(PRINCIPAL);
      case 'away':
        return Promise.reject(AWAY);
      case 'malformed':
        return Promise.reject(AuthErrors.malformed());
      default:
        return Promise.reject(AuthErrors.invalid());
    }
  }
}

function limited(burst: number): (credential: string | null, address?: string) => Promise<string> {
  const failures = new FailedAttempts({ burst, perSecond: 1 }, new Clock());
  const authenticator = new LimitedAuthenticator(new Scripted(), failures);
  return async (credential, address = '192.0.2.7') => {
    try {
      const authorization = credential === null ? [] : [credential];
      return (await authenticator.authenticate({ authorization, address })) === null ? 'none' : 'good';
    } catch (error) {
      return error instanceof CodedError ? error.kind.code : 'a fault';
    }
  };
}

describe('LimitedAuthenticator', () => {
  it('AN-11: answers bad credentials alike from when there are too many of them', async () => {
    const ask = limited(2);
    expect([await ask('bad'), await ask('malformed'), await ask('bad'), await ask('malformed')]).toEqual([
      'invalid_token',
      'malformed_credentials',
      'too_many_failed_authentications',
      'too_many_failed_authentications',
    ]);
    expect(await ask('bad', '192.0.2.8')).toBe('invalid_token');
  });

  it('AN-11: locks nobody out who has a good one, nor who has none', async () => {
    const ask = limited(1);
    for (let time = 0; time < 5; time += 1) await ask('bad');
    expect([await ask('good'), await ask(null)]).toEqual(['good', 'none']);
    expect(await ask('bad')).toBe('too_many_failed_authentications');
  });

  it('AN-11: does not count what is no credential’s fault, nor good ones', async () => {
    const ask = limited(1);
    for (let time = 0; time < 5; time += 1)
      expect([await ask('away'), await ask('good'), await ask(null)]).toEqual([
        'unavailable',
        'good',
        'none',
      ]);
    expect(await ask('bad')).toBe('invalid_token');
  });
});
