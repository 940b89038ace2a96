import { parseToken, type TokenParts } from './token-format.js';

/** How many are remembered at most. */
const MOST = 10_000;

/**
 * What tokens say by themselves, by their digests, so that one that comes with every request is read once. Nothing here says
 * that a token is good, and no token is kept.
 */
export class ParsedTokens {
  readonly #parts = new Map<string, TokenParts>();

  /** As {@link parseToken}, by whose digest the token is remembered. */
  parse(token: string, digest: string): TokenParts | null {
    const known = this.#parts.get(digest);
    if (known !== undefined) return known;
    const parts = parseToken(token);
    if (parts === null) return null;
    const [oldest] = this.#parts.size < MOST ? [] : this.#parts.keys();
    if (oldest !== undefined) this.#parts.delete(oldest);
    this.#parts.set(digest, parts);
    return parts;
  }
}
