import type { ClaimedToken } from '#audit';
import type { GatewayRequest } from '#http';

import { hashToken, parseToken } from './token-format.js';

/**
 * What the token of a request says of itself, good or not: its tenant and its id. Null when there is none, or it has not
 * the shape of one.
 */
export function claimedToken({ headers }: GatewayRequest): ClaimedToken | null {
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization?.trim() ?? '')?.[1] ?? '';
  const parts = parseToken(token);
  return parts === null ? null : { ...parts, tokenHash: hashToken(token) };
}
