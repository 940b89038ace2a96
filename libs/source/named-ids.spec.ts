import { describe, expect, it } from '@jest/globals';
import { array, assert, constantFrom, oneof, property, string, uuid } from 'fast-check';

import { joinedUuids, NamedIds, nameOf } from './named-ids.js';

const ONE = '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b';
const OTHER = '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5c';
const IDS = array(
  oneof(
    uuid(),
    uuid().map((id) => id.toUpperCase()),
    constantFrom(`${ONE},${OTHER}`, `${ONE},`, ',', ''),
    string(),
  ),
  { minLength: 1, maxLength: 5 },
);

describe('NamedIds', () => {
  it('are all there in their order, each as what it is found by', () => {
    assert(
      property(IDS, (ids) => {
        const names = new NamedIds(ids);
        const uuids = ids
          .map(nameOf)
          .filter((id) => /^[0-9a-f-]{36}$/.test(id) && joinedUuids([id]) !== null);
        expect(names.all()).toEqual(ids);
        expect(names.sourceIds).toBe(uuids.join());
        expect(names.externalIds).toEqual(ids.filter((id) => joinedUuids([id]) === null));
      }),
    );
  });

  it('stay what they were when the list that they came in is emptied', () => {
    const [plain, mixed] = [
      [ONE, OTHER],
      [ONE, 'invoice-7'],
    ];
    const names = [new NamedIds(plain), new NamedIds(mixed)];
    plain.length = 0;
    mixed.length = 0;
    expect(names.map((each) => each.all())).toEqual([
      [ONE, OTHER],
      [ONE, 'invoice-7'],
    ]);
  });
});

describe('joinedUuids', () => {
  it.each([[[ONE]], [[ONE, OTHER.toUpperCase()]]])('joins %p', (ids) => {
    expect(joinedUuids(ids)).toBe(ids.join());
  });

  it.each([
    [[]],
    [[`${ONE},${OTHER}`]],
    [[`${ONE},${OTHER}`, '']],
    [[`${ONE},`, OTHER]],
    [[ONE, `${OTHER} `]],
    [[ONE, '']],
    [[`${ONE}\n`]],
    [[ONE, 'invoice-7']],
  ])('does not join %p', (ids) => {
    expect(joinedUuids(ids)).toBeNull();
  });
});
