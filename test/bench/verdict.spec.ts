import { describe, expect, it } from '@jest/globals';

import { besideRecorded, judge } from './verdict.mjs';

const ROW = { name: 'metadata', unit: 'requests/s', target: 0.6, floorName: 'Fastify' };

describe('what a measurement is judged by', () => {
  it('is the ratio of value and floor', () => {
    expect(judge(ROW, { value: 600, floor: 1_000, p50Ms: 1, p99Ms: 2, cpuUs: 3, rssMib: 4 })).toEqual({
      name: 'metadata',
      unit: 'requests/s',
      value: 600,
      floor_name: 'Fastify',
      floor: 1_000,
      ratio: 0.6,
      target: 0.6,
      ok: true,
      p50_ms: 1,
      p99_ms: 2,
      cpu_us: 3,
      rss_mib: 4,
    });
    expect(judge(ROW, { value: 599, floor: 1_000 }).ok).toBe(false);
  });

  it('is the value alone where the target is a maximum, which has to stay above it', () => {
    const row = { ...ROW, target: 64, atMost: true };
    expect(judge(row, { value: 63.9 })).toMatchObject({ ratio: null, ok: true });
    expect(judge(row, { value: 64 }).ok).toBe(false);
  });

  it('is the memory too where a row has a limit for it and somebody counts it', () => {
    const row = { ...ROW, mostRssMib: 200 };
    const measured = { value: 900, floor: 1_000 };
    expect(judge(row, { ...measured, rssMib: 200 }).ok).toBe(true);
    expect(judge(row, { ...measured, rssMib: 201 }).ok).toBe(false);
    expect(judge(row, { ...measured, rssMib: null }).ok).toBe(true);
  });

  it('is nothing good where a row has failed', () => {
    for (const row of [ROW, { ...ROW, atMost: true }])
      expect(judge(row, { value: null, floor: null })).toMatchObject({ value: null, ratio: null, ok: false });
  });
});

describe('a ratio beside the recorded one', () => {
  it('may be as much less as a busy machine makes it, and more', () => {
    expect(besideRecorded({ ratio: 0.7 }, 1)).toEqual({ least: 0.7, ok: true });
    expect(besideRecorded({ ratio: 0.699 }, 1).ok).toBe(false);
    expect(besideRecorded({ ratio: 5 }, 1).ok).toBe(true);
  });

  it('fails where none is recorded, and where none was measured', () => {
    expect(besideRecorded({ ratio: 1 }, undefined)).toEqual({ least: null, ok: false });
    expect(besideRecorded({ ratio: null }, 1).ok).toBe(false);
  });
});
