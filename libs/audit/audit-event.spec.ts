import { newUuid } from '#kernel';
import { describe, expect, it } from '@jest/globals';

import { firstIdOf, momentOf } from './audit-event.js';

describe('OP-06: the id of an entry', () => {
  it('says when it was, to the millisecond', () => {
    const before = Date.now();
    const id = newUuid();
    expect(momentOf(id).getTime()).toBeGreaterThanOrEqual(before);
    expect(momentOf(id).getTime()).toBeLessThanOrEqual(Date.now());
    expect(momentOf('0197c9a6-0d2e-7a41-8c55-3f9b1e2d4c6a').toISOString()).toBe('2025-07-02T05:39:52.238Z');
  });

  it('sorts after the least one of its moment, and before that of the next', () => {
    const id = newUuid();
    const moment = momentOf(id);
    expect(momentOf(firstIdOf(moment))).toEqual(moment);
    expect(firstIdOf(moment) <= id).toBe(true);
    expect(firstIdOf(new Date(moment.getTime() + 1)) > id).toBe(true);
    expect(firstIdOf(new Date('1950-01-01'))).toBe('00000000-0000-0000-0000-000000000000');
  });
});
