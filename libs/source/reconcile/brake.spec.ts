import { describe, expect, it } from '@jest/globals';

import { brake } from './brake.js';
import type { MissingObject, OrphanObject } from './findings.js';
import { Survey } from './survey.js';

/** A survey with these numbers. */
function survey(seen: {
  objects: number;
  orphans?: number;
  young?: number;
  rows?: number;
  missing?: number;
}): Survey {
  const { objects, orphans = 0, young = 0, rows = objects, missing = 0 } = seen;
  const made = new Survey(10);
  made.checkedObjects = objects;
  made.checkedRows = rows;
  made.youngObjects = young;
  made.namedObjects = objects - orphans - young;
  for (let count = 0; count < orphans; count += 1) made.addOrphan({} as OrphanObject);
  for (let count = 0; count < missing; count += 1) made.missing.add({} as MissingObject);
  return made;
}

describe('CF-06: the brake', () => {
  it.each([
    ['nothing is wrong', { objects: 1_000 }],
    ['there is nothing', { objects: 0 }],
    ['a few orphans are most of a small tenant', { objects: 12, orphans: 10 }],
    ['orphans are as many as allowed', { objects: 1_000, orphans: 50 }],
    ['rows without objects are as many as allowed', { objects: 950, rows: 1_000, missing: 50 }],
    ['all objects are young and no row is there yet', { objects: 5, young: 5, rows: 0 }],
  ])('lets a run go on when %s', (_, seen) => {
    expect(brake(survey(seen), 5, 'tenant t')).toBeNull();
  });

  it.each([
    ['no row names any of one object', { objects: 1, orphans: 1, rows: 0 }],
    ['no row names any of many objects', { objects: 500, orphans: 20, young: 480, rows: 0 }],
    ['one orphan more than allowed is there', { objects: 1_000, orphans: 51 }],
    ['eleven of a dozen are orphans', { objects: 12, orphans: 11 }],
    ['more rows than allowed have no object', { objects: 949, rows: 1_000, missing: 51 }],
  ])('ends a run when %s', (_, seen) => {
    expect(brake(survey(seen), 5, 'tenant t')).toMatch(/^tenant t: /);
    expect(brake(survey(seen), 100, 'tenant t')).toBeNull();
  });

  it('allows none beyond ten at 0 per cent', () => {
    expect(brake(survey({ objects: 1_000, orphans: 10 }), 0, 't')).toBeNull();
    expect(brake(survey({ objects: 1_000, orphans: 11 }), 0, 't')).not.toBeNull();
  });
});

describe('a survey', () => {
  it('holds no more than one run removes, and shows no more than a report has, however many there are', () => {
    const all = new Survey(15);
    for (let tenant = 0; tenant < 3; tenant += 1) {
      const one = survey({ objects: 1_000, orphans: 600 });
      all.include(one);
    }
    expect(all.candidates).toHaveLength(15);
    expect([all.orphans.shown.length, all.orphans.count, all.checkedObjects]).toEqual([1_000, 1_800, 3_000]);
  });
});
