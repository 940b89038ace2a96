import { describe, expect, it } from '@jest/globals';
import {
  evaluatePreconditions,
  ifRangeHolds,
  writePreconditionHolds,
  type PreconditionResult,
} from './preconditions.js';
import type { RequestHeaders } from './request-headers.js';

const current = { etag: '"v2"', lastModified: new Date('2026-03-01T12:00:00.750Z') };
const SAME = 'Sun, 01 Mar 2026 12:00:00 GMT';
const EARLIER = 'Sun, 01 Mar 2026 11:59:59 GMT';
const LATER = 'Sun, 01 Mar 2026 12:00:01 GMT';

describe('evaluatePreconditions of a read', () => {
  it.each<[RequestHeaders, PreconditionResult]>([
    [{}, 'proceed'],
    [{ 'if-match': '"v2"' }, 'proceed'],
    [{ 'if-match': '*' }, 'proceed'],
    [{ 'if-match': '"v1", "v2"' }, 'proceed'],
    [{ 'if-match': ['"v1"', '"v2"'] }, 'proceed'],
    [{ 'if-match': '"v1"' }, 'precondition_failed'],
    [{ 'if-match': 'W/"v2"' }, 'precondition_failed'],
    [{ 'if-match': 'v2' }, 'precondition_failed'],
    [{ 'if-match': '' }, 'precondition_failed'],
    [{ 'if-none-match': '"v2"' }, 'not_modified'],
    [{ 'if-none-match': 'W/"v2"' }, 'not_modified'],
    [{ 'if-none-match': '*' }, 'not_modified'],
    [{ 'if-none-match': '"v1", W/"v2"' }, 'not_modified'],
    [{ 'if-none-match': '"v1"' }, 'proceed'],
    [{ 'if-none-match': 'v2' }, 'proceed'],
    [{ 'if-none-match': '' }, 'proceed'],
    [{ 'if-modified-since': SAME }, 'not_modified'],
    [{ 'if-modified-since': LATER }, 'not_modified'],
    [{ 'if-modified-since': EARLIER }, 'proceed'],
    [{ 'if-modified-since': '2026-03-02' }, 'proceed'],
    [{ 'if-unmodified-since': SAME }, 'proceed'],
    [{ 'if-unmodified-since': LATER }, 'proceed'],
    [{ 'if-unmodified-since': EARLIER }, 'precondition_failed'],
    [{ 'if-unmodified-since': 'never' }, 'proceed'],
  ])('DL-08: %j -> %s', (headers, result) => {
    expect(evaluatePreconditions('GET', headers, current)).toBe(result);
    expect(evaluatePreconditions('HEAD', headers, current)).toBe(result);
  });

  it.each<[RequestHeaders, PreconditionResult]>([
    [{ 'if-none-match': '"v1"', 'if-modified-since': LATER }, 'proceed'],
    [{ 'if-none-match': '"v2"', 'if-modified-since': EARLIER }, 'not_modified'],
    [{ 'if-none-match': 'garbage', 'if-modified-since': LATER }, 'proceed'],
    [{ 'if-match': '"v2"', 'if-unmodified-since': EARLIER }, 'proceed'],
    [{ 'if-match': '"v1"', 'if-unmodified-since': LATER }, 'precondition_failed'],
    [{ 'if-match': '"v1"', 'if-none-match': '"v2"' }, 'precondition_failed'],
    [{ 'if-match': '"v2"', 'if-none-match': '"v2"' }, 'not_modified'],
    [{ 'if-unmodified-since': EARLIER, 'if-none-match': '"v2"' }, 'precondition_failed'],
  ])('DL-08: %j are weighed in the order of RFC 9110 §13.2.2 -> %s', (headers, result) => {
    expect(evaluatePreconditions('GET', headers, current)).toBe(result);
  });

  it('IV-01: a field named like a property of every object is not taken for one', () => {
    const headers: RequestHeaders = JSON.parse('{"__proto__": "x", "constructor": "y"}');
    expect(evaluatePreconditions('GET', headers, current)).toBe('proceed');
  });
});

describe('writePreconditionHolds', () => {
  it.each<[RequestHeaders, boolean, boolean]>([
    [{}, true, true],
    [{ 'if-match': '"v2"' }, true, false],
    [{ 'if-match': '"v1"' }, false, false],
    [{ 'if-match': '*' }, true, false],
    [{ 'if-match': 'W/"v2"' }, false, false],
    [{ 'if-match': 'v2' }, false, false],
    [{ 'if-none-match': '*' }, false, true],
    [{ 'if-none-match': '"v2"' }, false, true],
    [{ 'if-none-match': '"v1"' }, true, true],
    [{ 'if-none-match': 'garbage' }, false, false],
    [{ 'if-unmodified-since': EARLIER }, false, true],
    [{ 'if-unmodified-since': SAME }, true, true],
    [{ 'if-modified-since': LATER }, true, true],
  ])('UP-13: %j on an existing target %s, on an absent one %s', (headers, existing, absent) => {
    expect(writePreconditionHolds(headers, current)).toBe(existing);
    expect(writePreconditionHolds(headers, null)).toBe(absent);
  });
});

describe('ifRangeHolds', () => {
  it.each<[RequestHeaders, boolean]>([
    [{}, true],
    [{ 'if-range': '"v2"' }, true],
    [{ 'if-range': '"v1"' }, false],
    [{ 'if-range': 'W/"v2"' }, false],
    [{ 'if-range': '"v1", "v2"' }, false],
    [{ 'if-range': '*' }, false],
    [{ 'if-range': 'v2' }, false],
    [{ 'if-range': '' }, false],
    [{ 'if-range': SAME }, true],
    [{ 'if-range': EARLIER }, false],
    [{ 'if-range': LATER }, false],
  ])('DL-07: %j lets Range count: %s', (headers, holds) => {
    expect(ifRangeHolds(headers, current)).toBe(holds);
  });
});
