import { describe, expect, it } from '@jest/globals';
import { assert, array, constantFrom, property, record } from 'fast-check';

import type { AuditEvent } from './audit-event.js';
import { rowOf, rowsOf, type PastEvent } from './audit-rows.js';

const DETAILS = { reason: 'x' };
const EVENT: AuditEvent = {
  action: 'link.issue',
  outcome: 'success',
  tokenId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  role: 'editor',
  linkId: null,
  subTenantId: 'default',
  targetKind: 'source',
  targetId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5c',
  requestId: 'request',
  address: '127.0.0.1',
  details: null,
};

const pastEvents = () =>
  record({
    ageMs: constantFrom(0, 1),
    event: record({
      action: constantFrom('link.issue' as const, 'source.read' as const),
      outcome: constantFrom('success' as const, 'denied' as const),
      tokenId: constantFrom('a', null),
      role: constantFrom('editor', 'viewer'),
      linkId: constantFrom('l', null),
      subTenantId: constantFrom('s', null),
      targetKind: constantFrom('source', null),
      targetId: constantFrom('1', '2', null),
      requestId: constantFrom('r', 'q'),
      address: constantFrom('127.0.0.1', null),
      details: constantFrom(DETAILS, { reason: 'y' }, null),
    }),
  });

/** The rows that a statement makes of one. */
const apart = ({ target_ids: targets, ...common }: Record<string, unknown>): Record<string, unknown>[] =>
  (targets as (string | null)[]).map((target_id) => ({ ...common, target_id }));

describe('the rows of events', () => {
  it('stand for the events, each of them once and in their order', () => {
    const isSame = property(array(pastEvents(), { maxLength: 12 }), (past) => {
      expect(rowsOf(past).flatMap(apart)).toEqual(past.map(rowOf));
    });
    assert(isSame);
  });

  it('are one for what an answer hands out', () => {
    const past = ['1', '2', '3'].map((targetId) => ({ event: { ...EVENT, targetId }, ageMs: 5 }));
    expect(rowsOf(past)).toEqual([expect.objectContaining({ target_ids: ['1', '2', '3'], age_ms: 5 })]);
  });

  it.each(['action', 'tokenId', 'targetId', 'details'] as const)(
    'are refused where %s got lost, which JSON would leave out',
    (name) => {
      const lost = { event: { ...EVENT, [name]: undefined }, ageMs: 0 } as unknown as PastEvent;
      expect(() => rowOf(lost)).toThrow(TypeError);
      expect(() => rowsOf([{ event: EVENT, ageMs: 0 }, lost])).toThrow(TypeError);
    },
  );
});
