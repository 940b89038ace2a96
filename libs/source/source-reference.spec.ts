import { describe, expect, it } from '@jest/globals';
import { assert, property, string, uuid } from 'fast-check';
import { findableReference, isExternalId, toSourceReference } from './source-reference.js';

describe('toSourceReference', () => {
  it('takes what has the form of a UUID for the id of a source, in lower case', () => {
    assert(
      property(uuid(), (id) => {
        expect(toSourceReference(id.toUpperCase())).toEqual({ sourceId: id, externalId: null });
      }),
    );
  });

  it.each([
    'CortexDoc1234',
    '018f2a3c5b1e7c3d8a9b0c1d2e3f4a5b',
    ' 018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
    '../x',
    'a/b',
    '日本',
  ])('takes %p for the id of the caller, as given', (id) => {
    expect(toSourceReference(id)).toEqual({ sourceId: null, externalId: id });
  });

  it('names every source in exactly one way', () => {
    assert(
      property(string({ unit: 'binary' }), (id) => {
        const { sourceId, externalId } = toSourceReference(id);
        expect((sourceId === null) !== (externalId === null)).toBe(true);
      }),
    );
  });
});

describe('isExternalId', () => {
  it.each(['a', ' ', 'é', '📄', 'a'.repeat(1024), '📄'.repeat(1024), "'; DROP TABLE sources; --", '%00'])(
    'takes %p',
    (id) => {
      expect(isExternalId(id)).toBe(true);
    },
  );

  it.each(['', 'a\u0000b', '\ud800', 'a'.repeat(1025), '📄'.repeat(1025)])('IV-04: refuses %p', (id) => {
    expect(isExternalId(id)).toBe(false);
  });
});

describe('findableReference', () => {
  it('finds under every id that can be stored', () => {
    expect(findableReference('CortexDoc1234')).toEqual({ sourceId: null, externalId: 'CortexDoc1234' });
  });

  it.each(['', 'a\u0000b', '\udfff', 'a'.repeat(1025)])(
    'IV-04: answers 404 for %p, under which nothing can be',
    (id) => {
      expect(() => findableReference(id)).toThrow('There is no such source.');
    },
  );
});
