import { Secret } from '#kernel';
import { Unacceptable } from './setting.js';
import type { ValueType } from './values.js';

const MASTER_KEY_BYTES = 32;
const MIN_TOKEN_LENGTH = 32;

/** The platform's first token: whatever the operator likes, if it is long and fits into a header. */
export const rootToken: ValueType<Secret> = {
  type: `${String(MIN_TOKEN_LENGTH)} or more visible ASCII characters`,
  parse: (text) => {
    if (!/^[\x21-\x7e]+$/.test(text))
      throw new Unacceptable('must be visible ASCII characters without spaces');
    if (text.length < MIN_TOKEN_LENGTH)
      throw new Unacceptable(`must have ${String(MIN_TOKEN_LENGTH)} characters or more`);
    if (/change[-_.]?me/i.test(text))
      throw new Unacceptable('was copied from an example; take the output of: openssl rand -hex 32');
    return new Secret(text);
  },
};

/** The key that seals every other key: base64 (RFC 4648 §4) of 32 bytes, in its one canonical spelling. */
export const masterKey: ValueType<Secret<Buffer>> = {
  type: `base64 of exactly ${String(MASTER_KEY_BYTES)} random bytes`,
  parse: (text) => {
    const key = Buffer.from(text, 'base64');
    if (key.length !== MASTER_KEY_BYTES || key.toString('base64') !== text)
      throw new Unacceptable(
        `must be base64 of exactly ${String(MASTER_KEY_BYTES)} bytes (openssl rand -base64 32)`,
      );
    if (key.every((byte) => byte === 0))
      throw new Unacceptable('is all zeros, which is no key; take the output of: openssl rand -base64 32');
    return new Secret(key);
  },
};
