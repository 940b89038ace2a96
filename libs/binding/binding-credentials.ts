import type { FieldError } from '#http';
import { Secret } from '#kernel';

import type { Adapter, BindingCredentials } from './storage-binding.js';

interface CredentialField {
  readonly name: string;
  readonly pattern: RegExp;
  readonly says: string;
  readonly optional?: boolean;
}

const VISIBLE = 'visible ASCII characters';
const FIELDS: Readonly<Record<Adapter, readonly CredentialField[]>> = {
  filesystem: [],
  s3: [
    {
      name: 'access_key_id',
      // A slash or comma would end it early in a signature's credential scope.
      pattern: /^[A-Za-z0-9._~+=@:$-]{1,128}$/,
      says: 'must have 1 to 128 of the characters A-Z a-z 0-9 . _ ~ + = @ : $ -',
    },
    { name: 'secret_access_key', pattern: /^[\x21-\x7e]{1,256}$/, says: `must have 1 to 256 ${VISIBLE}` },
    {
      name: 'session_token',
      pattern: /^[\x21-\x7e]{1,8192}$/,
      says: `must have 1 to 8192 ${VISIBLE}`,
      optional: true,
    },
  ],
  azure: [
    {
      name: 'account_name',
      pattern: /^[a-z0-9]{3,24}$/,
      says: 'must have 3 to 24 of the characters a-z 0-9',
    },
    {
      name: 'account_key',
      pattern: /^(?=.{4,512}$)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
      says: 'must be base64',
    },
  ],
};

/** Takes a `credentials` object for an adapter; answers what is wrong with which of its fields otherwise. */
export function readCredentials(
  given: Readonly<Record<string, unknown>>,
  adapter: Adapter,
): Secret<BindingCredentials> | FieldError[] {
  const fields = FIELDS[adapter];
  const faults: FieldError[] = Object.keys(given)
    .filter((name) => !fields.some((field) => field.name === name))
    .map((name) => ({
      field: `credentials.${name.slice(0, 100)}`,
      code: 'unknown',
      message: `is not a field of the adapter ${adapter}`,
    }));
  const taken: Record<string, string> = {};
  for (const { name, pattern, says, optional } of fields) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const field = `credentials.${name}`;
    if (value == null) {
      if (optional !== true) faults.push({ field, code: 'missing', message: 'is required' });
    } else if (typeof value === 'string' && pattern.test(value)) taken[name] = value;
    else faults.push({ field, code: 'invalid', message: says });
  }
  return faults.length > 0 ? faults : new Secret(taken);
}
