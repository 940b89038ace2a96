import { CodedError, type ErrorKind } from '#kernel';

const KINDS = {
  malformed: {
    code: 'idempotency_key_malformed',
    status: 400,
    title: 'The idempotency key cannot be read',
  },
  inUse: { code: 'idempotency_key_in_use', status: 409, title: 'The idempotency key is in use' },
  reused: {
    code: 'idempotency_key_reused',
    status: 422,
    title: 'The idempotency key was used for another request',
  },
} as const satisfies Record<string, ErrorKind>;

/** What can be wrong with a request that brings an `Idempotency-Key`. */
export const IdempotencyErrors = {
  kinds: KINDS,
  malformed: () =>
    new CodedError(
      KINDS.malformed,
      'Idempotency-Key has to be there once and to hold 1 to 255 visible ASCII characters.',
    ),
  /** `retryAfterSeconds`: whole seconds after which the request under way has ended, or counts as dead. */
  inUse: (retryAfterSeconds: number) =>
    new CodedError(KINDS.inUse, 'A request with this idempotency key is under way; repeat this one later.', {
      retryAfterSeconds,
    }),
  reused: () =>
    new CodedError(KINDS.reused, 'This idempotency key was used with another body; take a new key.'),
};

/** Most characters of a key. */
const MAX_LENGTH = 255;
const BARE = /^[!-~]+$/;
/** A string of RFC 8941 §3.3.3, without parameters: the form that the draft of the header asks for. */
const QUOTED = /^"((?:[!#-[\]-~]|\\["\\])*)"$/;

/**
 * The key that a request brings in its `Idempotency-Key` field (draft-ietf-httpapi-idempotency-key-header); null when it
 * has none. A key in quotes is the same one as without. Throws `idempotency_key_malformed` for everything else, for a
 * field that came twice too: Node joins the two with a comma and a blank.
 */
export function parseIdempotencyKey(field: string | readonly string[] | undefined): string | null {
  if (field === undefined) return null;
  const text = typeof field === 'string' ? field : field.join(', ');
  const key = text.startsWith('"') ? QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, '$1') : BARE.exec(text)?.[0];
  if (key === undefined || key === '' || key.length > MAX_LENGTH) throw IdempotencyErrors.malformed();
  return key;
}
