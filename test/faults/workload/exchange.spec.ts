import { describe, expect, it } from '@jest/globals';

import { describeAttempt, verdictOf, type Attempt } from './exchange.js';

const WHERE = { gateway: 'G1', tookMs: 7 };

function answered(status: number, code?: string): Attempt {
  const headers = { 'content-type': 'application/problem+json' };
  const bytes = Buffer.from(code === undefined ? '' : JSON.stringify({ code }));
  return { answer: { status, headers, bytes }, sent: true, reason: '', ...WHERE };
}

const lost: Attempt = { answer: null, sent: true, reason: 'ECONNRESET', ...WHERE };
const notSent: Attempt = { answer: null, sent: false, reason: 'refused', ...WHERE };

describe('what is known of a change after its attempts', () => {
  it.each([
    ['a good answer', [answered(201)], 'ok', true],
    ['a refusal', [answered(409)], 'refused', true],
    ['no room', [answered(507, 'insufficient_storage')], 'refused', true],
    ['a storage that is away', [answered(503, 'storage_unavailable')], 'refused', true],
    ['a database that is away', [answered(503, 'unavailable')], 'unknown', false],
    ['an error that says nothing', [answered(500, 'internal_error')], 'unknown', false],
    ['no answer', [lost], 'unknown', false],
    ['nobody there', [notSent, notSent], 'refused', true],
    ['nobody there and then a good answer', [notSent, answered(200)], 'ok', true],
    ['no answer and then a good one', [lost, answered(200)], 'ok', false],
    ['no answer and then a refusal', [lost, answered(409)], 'unknown', false],
    [
      'a database that is away and then a refusal',
      [answered(503, 'unavailable'), answered(404)],
      'unknown',
      false,
    ],
  ] as const)('%s', (_title, attempts, result, closed) => {
    expect(verdictOf(attempts, false)).toEqual({ result, closed });
  });

  it('closes a guarded change with its good answer', () => {
    expect(verdictOf([lost, answered(200)], true)).toEqual({ result: 'ok', closed: true });
  });

  it('tells of each attempt where it went, what came of it and when', () => {
    expect([notSent, lost, answered(503, 'unavailable')].map(describeAttempt)).toEqual([
      'G1: refused, not sent, after 7 ms',
      'G1: ECONNRESET, after 7 ms',
      'G1: 503 unavailable, after 7 ms',
    ]);
  });
});
