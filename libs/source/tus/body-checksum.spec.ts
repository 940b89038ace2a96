import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { BodyChecksum } from './body-checksum.js';

const BYTES = Buffer.from('some bytes');
const digest = (algorithm: string, bytes = BYTES): string =>
  createHash(algorithm).update(bytes).digest('base64');

function matches(headers: Record<string, string>): boolean {
  const checksum = BodyChecksum.of(headers);
  checksum?.update(BYTES.subarray(0, 3));
  checksum?.update(BYTES.subarray(3));
  try {
    checksum?.assertMatches();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ kind: { status: 460 } });
    return false;
  }
}

describe('UP-08: a declared checksum of a body', () => {
  it('is none when nothing is declared', () => {
    expect(BodyChecksum.of({})).toBeNull();
  });

  it.each(['sha1', 'sha256', 'md5'])('is verified as %s', (algorithm) => {
    expect(matches({ 'upload-checksum': `${algorithm} ${digest(algorithm)}` })).toBe(true);
    expect(matches({ 'upload-checksum': `${algorithm} ${digest(algorithm, Buffer.from('x'))}` })).toBe(false);
  });

  it('may come as a digest field, and then both have to be right', () => {
    const right = `sha-256=:${digest('sha256')}:`;
    const wrong = `sha-256=:${digest('sha256', Buffer.from('x'))}:`;
    expect(matches({ 'content-digest': right })).toBe(true);
    expect(matches({ 'content-digest': wrong })).toBe(false);
    expect(matches({ 'upload-checksum': `md5 ${digest('md5')}`, 'content-digest': wrong })).toBe(false);
    expect(matches({ 'upload-checksum': `md5 ${digest('sha1').slice(0, 22)}==`, 'repr-digest': right })).toBe(
      false,
    );
  });

  it.each([
    ['sha512 AAAA', 'checksum_algorithm_unsupported'],
    ['', 'checksum_algorithm_unsupported'],
    ['constructor AAAA', 'checksum_algorithm_unsupported'],
    ['SHA1 AAAA', 'checksum_algorithm_unsupported'],
    ['sha1', 'malformed_request'],
    ['sha1 !!!!', 'malformed_request'],
    [`sha1 ${digest('md5')}`, 'malformed_request'],
    [`sha1 ${digest('sha1')}, sha1 ${digest('sha1')}`, 'malformed_request'],
  ])('is refused when it cannot be verified: %s', (field, code) => {
    expect(() => BodyChecksum.of({ 'upload-checksum': field })).toThrow(
      expect.objectContaining({ kind: expect.objectContaining({ code }) }),
    );
  });
});
