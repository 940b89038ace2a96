import { describe, expect, it } from '@jest/globals';

import { chosenRows, OptionsError, readOptions } from './options.mjs';

const ROWS = [{ name: 'presign', quick: true }, { name: 'upload' }, { name: 'metadata', quick: true }];
const names = (rows: readonly { readonly name: string }[]): string[] => rows.map(({ name }) => name);

describe('the command line of the benchmark', () => {
  it('runs all rows in full when it says nothing', () => {
    const options = readOptions([]);
    expect(options).toEqual({ page: false, quick: false, record: false });
    expect(names(chosenRows(ROWS, options))).toEqual(['presign', 'upload', 'metadata']);
  });

  it('runs the rows that are named, in the order in which they always run', () => {
    expect(names(chosenRows(ROWS, readOptions(['--only', 'metadata,presign'])))).toEqual([
      'presign',
      'metadata',
    ]);
  });

  it('runs those whose ratio keeps when it is to be quick, or some of them', () => {
    expect(names(chosenRows(ROWS, readOptions(['--quick'])))).toEqual(['presign', 'metadata']);
    expect(names(chosenRows(ROWS, readOptions(['--quick', '--only', 'metadata'])))).toEqual(['metadata']);
  });

  it('names the rows that there are when one is asked for that there is not', () => {
    expect(() => chosenRows(ROWS, readOptions(['--only', 'download']))).toThrow(
      'There is no row download. Rows: presign, upload, metadata.',
    );
    expect(() => chosenRows(ROWS, readOptions(['--quick', '--only', 'upload']))).toThrow(OptionsError);
  });

  it.each([
    ['an option that there is not', ['--fast']],
    ['a name without an option', ['metadata']],
    ['recording what was measured in full', ['--record']],
    ['a page of short measurements', ['--quick', '--page']],
    ['figures of what runs under a profiler', ['--profile', 'metadata', '--json', 'file']],
    ['a quick profile', ['--profile', 'metadata', '--quick']],
  ])('refuses %s', (_, args) => {
    expect(() => readOptions(args)).toThrow(OptionsError);
  });
});
