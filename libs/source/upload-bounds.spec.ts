import { describe, expect, it } from '@jest/globals';

import { assertFits, assertTypeAllowed, type Room } from './upload-bounds.js';

const OPEN: Room = { maxUploadBytes: null, allowedContentTypes: [], meters: [] };

function room(
  ...meters: [of: 'tenant' | 'sub_tenant', what: 'bytes' | 'objects', quota: number, used: number][]
): Room {
  return { ...OPEN, meters: meters.map(([of, what, quota, used]) => ({ of, what, quota, used })) };
}

describe('assertFits', () => {
  it('takes anything where nothing is bounded', () => {
    expect(() => assertFits(OPEN, { bytes: 2 ** 50, objects: 1 })).not.toThrow();
  });

  it('takes what fills a quota and refuses what passes it, with the numbers', () => {
    const full = room(['tenant', 'bytes', 10, 6], ['sub_tenant', 'objects', 2, 1]);
    expect(() => assertFits(full, { bytes: 4, objects: 1 })).not.toThrow();
    expect(() => assertFits(full, { bytes: 5, objects: 1 })).toThrow(
      expect.objectContaining({
        kind: expect.objectContaining({ code: 'quota_exceeded' }),
        fields: { quota_of: 'tenant', resource: 'bytes', quota: 10, used: 6, requested: 5 },
      }),
    );
    expect(() => assertFits(full, { bytes: 0, objects: 2 })).toThrow('quota of the sub-tenant is 2 objects');
  });

  it('refuses even nothing where a quota was passed before it was set', () => {
    expect(() => assertFits(room(['tenant', 'objects', 1, 2]), { bytes: 0, objects: 0 })).toThrow();
  });

  it('refuses a source that is too large before it looks at quotas', () => {
    const small = { ...room(['tenant', 'bytes', 1, 1]), maxUploadBytes: 3 };
    expect(() => assertFits(small, { bytes: 4, objects: 1 })).toThrow('3 bytes at most');
  });
});

describe('assertTypeAllowed', () => {
  const both: Room = {
    ...OPEN,
    allowedContentTypes: [
      ['image/*', 'text/plain'],
      ['image/png', 'text/*'],
    ],
  };

  it.each(['image/png', 'IMAGE/PNG', 'text/plain; charset=utf-8'])(
    'takes %s, which every list has',
    (type) => {
      expect(() => assertTypeAllowed(both, type)).not.toThrow();
    },
  );

  it.each(['image/webp', 'text/html', 'application/pdf', 'imagex/png', 'image', ''])('refuses %j', (type) => {
    expect(() => assertTypeAllowed(both, type)).toThrow('not taken here');
  });
});
