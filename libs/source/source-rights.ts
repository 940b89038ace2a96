import type { Principal } from '#kernel';

import { SourceErrors } from './source.errors.js';
import type { Source } from './source.js';

/** Making a source and replacing one are different rights, and which of them a write needs shows only at the source. */
export function assertMayPut(caller: Principal, existing: Source | null): void {
  const needed = existing === null ? 'sources:create' : 'sources:write';
  if (!caller.scopes.has(needed)) throw SourceErrors.scope(needed);
}

/** Who completes an upload makes the source that waits for it, and replaces one that has content. */
export function assertMayComplete(caller: Principal, { status }: Source): void {
  const needed = status === 'available' ? 'sources:write' : 'sources:create';
  if (!caller.scopes.has(needed)) throw SourceErrors.scope(needed);
}

/** The same where nobody is there who could be asked: the upload acts by the token that began it. */
export function assertTokenReplaces(mayReplace: boolean, { status }: Source): void {
  if (status === 'available' && !mayReplace) throw SourceErrors.scope('sources:write');
}
