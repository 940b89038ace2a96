import { Secret } from '#kernel';
import { Unacceptable } from './setting.js';
import type { ValueType } from './values.js';

const MASTER_KEY_BYTES = 32;
const MIN_TOKEN_LENGTH = 32;

/** Random hex or base64 of this length has more; repeated and copied words such as "changeme" have fewer. */
const MIN_DISTINCT_CHARACTERS = 8;

/** The platform's first token: long, printable, and not something that anybody would guess first. */
export const rootToken: ValueType<Secret> = {
  type: `${String(MIN_TOKEN_LENGTH)} or more visible ASCII characters, hard to guess`,
  parse: (text) => {
    if (!/^[\x21-\x7e]+$/.test(text))
      throw new Unacceptable('must be visible ASCII characters without spaces');
    if (text.length < MIN_TOKEN_LENGTH)
      throw new Unacceptable(`must have ${String(MIN_TOKEN_LENGTH)} characters or more`);
    if (new Set(text).size < MIN_DISTINCT_CHARACTERS || /change[-_.]?me/i.test(text))
      throw new Unacceptable('is too easy to guess; take the output of: openssl rand -hex 32');
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
    if (key.every((byte) => byte === key[0]))
      throw new Unacceptable(
        'is one byte repeated, which is no key; take the output of: openssl rand -base64 32',
      );
    return new Secret(key);
  },
};
