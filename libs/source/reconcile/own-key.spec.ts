import { newUuid } from '#kernel';
import { describe, expect, it } from '@jest/globals';

import { isOwnKey } from './own-key.js';

const ID = newUuid();

describe('a key of the gateway’s own making', () => {
  it.each([`abc/${ID}`, 'abc/6f9619ff-8b86-4d01-b42d-00c04fc964ff'])('is one: %s', (key) => {
    expect(isOwnKey('abc', key)).toBe(true);
  });

  it.each([
    '',
    'abc',
    'abc/',
    ID,
    `abc/${ID}/`,
    `abc/x/${ID}`,
    `abc//${ID}`,
    `abcd/${ID}`,
    `ab/${ID}`,
    `ABC/${ID}`,
    `abc/${ID.toUpperCase()}`,
    `abc/${ID} `,
    `abc/${ID}.tmp`,
    `abc\\${ID}`,
  ])('AZ-05: is none: "%s"', (key) => {
    expect(isOwnKey('abc', key)).toBe(false);
  });
});
