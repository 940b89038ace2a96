import { CodedError, CommonErrors, type Principal } from '#kernel';
import { describe, expect, it } from '@jest/globals';

import { AuthErrors } from './auth.errors.js';
import { Authenticator, type CredentialRequest } from './authenticator.js';
import { ChainAuthenticator } from './chain-authenticator.js';

const SOMEBODY = { tokenId: 'somebody' } as Principal;

/** Knows credentials that begin with a word; accepts `WORD good`. */
class Word extends Authenticator {
  asked = 0;
  constructor(private readonly word: string) {
    super();
  }
  async authenticate({ authorization: [text = ''] }: CredentialRequest): Promise<Principal | null> {
    this.asked += 1;
    if (!text.startsWith(this.word)) return null;
    if (text === `${this.word} good`) return SOMEBODY;
    throw AuthErrors.invalid();
  }
}

function chain(): { ask: (text: string) => Promise<Principal | null>; words: readonly [Word, Word] } {
  const words = [new Word('One'), new Word('Two')] as const;
  const authenticator = new ChainAuthenticator(words);
  const ask = (text: string): Promise<Principal | null> =>
    authenticator.authenticate({ authorization: [text], address: '127.0.0.1' });
  return { ask, words };
}

describe('AN-01: a chain of authenticators', () => {
  it('lets the first that finds a credential of its kind decide', async () => {
    const { ask, words } = chain();
    expect(await ask('One good')).toBe(SOMEBODY);
    expect(words[1].asked).toBe(0);
    expect(await ask('Two good')).toBe(SOMEBODY);
  });

  it('never hands a bad credential on to the next', async () => {
    const { ask, words } = chain();
    await expect(ask('One bad')).rejects.toMatchObject({ kind: { status: 401 } });
    expect(words[1].asked).toBe(0);
  });

  it('answers null when nobody knows the credential', async () => {
    expect(await chain().ask('Three good')).toBeNull();
  });

  it('fails when one of them fails, without asking the next', async () => {
    const failing = new (class extends Authenticator {
      authenticate(): Promise<never> {
        return Promise.reject(new CodedError(CommonErrors.internal, 'no key'));
      }
    })();
    const next = new Word('One');
    const asked = { authorization: ['One good'], address: '127.0.0.1' };
    await expect(new ChainAuthenticator([failing, next]).authenticate(asked)).rejects.toThrow('no key');
    expect(next.asked).toBe(0);
  });
});
