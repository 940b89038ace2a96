import { describe, expect, it } from '@jest/globals';

import { FIXED_SEED, OptionsError, parseOptions } from './options.js';

describe('the command line of the fault harness', () => {
  it('runs every fault once on every storage, with a seed that stays the same, when it says nothing', () => {
    expect(parseOptions([])).toEqual({
      minutes: null,
      seeds: [FIXED_SEED],
      storages: ['filesystem', 'ceph'],
      only: null,
      selfTest: false,
      report: null,
    });
  });

  it('takes what it is told, and draws a seed that is none of two runs', () => {
    const args = '--minutes 20 --seed 7,random,random --storage ceph --only F1,F9 --report page.md'.split(
      ' ',
    );
    const options = parseOptions(args);
    expect(options).toMatchObject({ minutes: 20, storages: ['ceph'], report: 'page.md' });
    expect([...(options.only ?? [])]).toEqual(['F1', 'F9']);
    expect(options.seeds[0]).toBe('7');
    expect(new Set(options.seeds).size).toBe(3);
  });

  it.each([
    ['a time that is none', ['--minutes', '0']],
    ['a storage that there is not', ['--storage', 'tape']],
    ['a fault that there is not', ['--only', 'F1,F99']],
    ['an option that there is not', ['--fast']],
  ])('refuses %s', (_title, args) => {
    expect(() => parseOptions(args)).toThrow(OptionsError);
  });
});
