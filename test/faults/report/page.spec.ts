import { describe, expect, it } from '@jest/globals';

import { replaceSection } from './page.js';
import { table } from './tables.js';

describe('the page', () => {
  it('gets a section for each storage, and what is written by hand stays', () => {
    const first = replaceSection('# Reliability\n\nBy hand.\n', 'ceph', 'one');
    const second = replaceSection(first, 'filesystem', 'two');
    expect(second).toMatch(
      /By hand\.\n\n<!-- runs on ceph -->\n\none\n.*\n\n<!-- runs on filesystem -->\n\ntwo/s,
    );
    const third = replaceSection(`${second}\nThe end.\n`, 'ceph', 'three');
    expect(third).toBe(`${second}\nThe end.\n`.replace('one', 'three'));
  });

  it('has tables as the formatter lays them out', () => {
    expect(table(['fault', 'I1'], [['F1', '12345']])).toBe(
      '| fault | I1    |\n| ----- | ----- |\n| F1    | 12345 |',
    );
  });
});
