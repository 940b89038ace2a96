import { describe, expect, it } from '@jest/globals';

import { abandonedProbes } from './probes.js';

const at = (name: string, seconds: number) => ({
  name,
  modifiedAt: new Date(1_000_000_000_000 + seconds * 1_000),
});

describe('probes that were left behind', () => {
  it('are those that are much older than the one that was just put there', () => {
    const probes = [
      at('dead', 0),
      at('long dead', -86_400),
      at('at work', 970),
      at('own', 1_000),
      at('ahead', 2_000),
    ];
    expect(abandonedProbes(probes, 'own')).toEqual(['dead', 'long dead']);
  });

  it('are none while the storage does not show the own one, or tells no time', () => {
    expect(abandonedProbes([at('dead', 0)], 'own')).toEqual([]);
    expect(abandonedProbes([at('dead', 0), { name: 'own', modifiedAt: undefined }], 'own')).toEqual([]);
    expect(abandonedProbes([{ name: undefined, modifiedAt: undefined }, at('own', 1_000)], 'own')).toEqual(
      [],
    );
  });
});
