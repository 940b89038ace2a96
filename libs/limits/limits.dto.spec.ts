import { CodedError } from '#kernel';
import { describe, expect, it } from '@jest/globals';

import { parseLimits } from './limits.dto.js';

function errorsOf(body: object): unknown {
  try {
    return parseLimits(body);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return (error.fields['errors'] as { field: string; code: string }[]).map(
      ({ field, code }) => `${field} ${code}`,
    );
  }
}

describe('parseLimits', () => {
  it('reads what is there, null included, and nothing else', () => {
    expect(parseLimits({})).toEqual({});
    expect(
      parseLimits({ read: { per_second: 5, burst: 10 }, content: null, egress_bytes_per_day: 1_000 }),
    ).toEqual({ read: { perSecond: 5, burst: 10 }, content: null, egressBytesPerDay: 1_000 });
  });

  it.each<[object, string[]]>([
    [{ read: 5 }, ['limits.read invalid']],
    [{ read: [] }, ['limits.read invalid']],
    [{ read: { per_second: 5 } }, ['limits.read.burst missing']],
    [{ read: { per_second: 0, burst: 1 } }, ['limits.read.per_second invalid']],
    [
      { read: { per_second: 0.5, burst: 1_000_001 } },
      ['limits.read.per_second invalid', 'limits.read.burst invalid'],
    ],
    [{ read: { per_second: 1, burst: '1' } }, ['limits.read.burst invalid']],
    [{ write: { per_second: 1, burst: 1, window: 1 } }, ['limits.write.window unknown']],
    [{ concurrent_transfers: 0 }, ['limits.concurrent_transfers invalid']],
    [{ egress_bytes_per_day: 2 ** 53 }, ['limits.egress_bytes_per_day invalid']],
    [{ reads: null, hasOwnProperty: 1 }, ['limits.reads unknown', 'limits.hasOwnProperty unknown']],
    [
      JSON.parse('{"__proto__": null, "constructor": 1}') as object,
      ['limits.__proto__ unknown', 'limits.constructor unknown'],
    ],
  ])('refuses %j by the names of the fields at fault', (body, errors) => {
    expect(errorsOf(body)).toEqual(errors);
  });
});
