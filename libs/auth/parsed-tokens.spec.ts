import { describe, expect, it } from '@jest/globals';
import { newUuid } from '#kernel';

import { ParsedTokens } from './parsed-tokens.js';
import { hashToken, makeToken } from './token-format.js';

const digestOf = (token: string): string => hashToken(token).toString('latin1');

describe('ParsedTokens', () => {
  it('answers what each of many tokens says, however often it is asked', () => {
    const parsed = new ParsedTokens();
    const tokens = Array.from({ length: 20 }, () => {
      const tokenId = newUuid();
      return { token: makeToken('k3v9x0q2m7ab', tokenId), tokenId };
    });
    for (const { token, tokenId } of [...tokens, ...tokens])
      expect(parsed.parse(token, digestOf(token))).toEqual({ tenantKey: 'k3v9x0q2m7ab', tokenId });
  });

  it('answers null for what is no token, each time', () => {
    const parsed = new ParsedTokens();
    for (const text of ['gth_', 'gth_', makeToken('k3v9x0q2m7ab', newUuid()).slice(0, -1)])
      expect(parsed.parse(text, digestOf(text))).toBeNull();
  });
});
