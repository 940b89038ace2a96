import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatContentRange, parseByteRange, type RangeDecision } from './byte-range.js';

const whole: RangeDecision = { kind: 'whole' };
const unsatisfiable: RangeDecision = { kind: 'unsatisfiable' };
const part = (start: number, end: number): RangeDecision => ({ kind: 'part', start, end });
const LARGE = 5 * 1024 * 1024 + 1;

describe('parseByteRange', () => {
  it.each<[string | undefined, number, RangeDecision]>([
    ['bytes=0-0', 10, part(0, 0)],
    ['bytes=0-', 10, part(0, 9)],
    ['bytes=9-', 10, part(9, 9)],
    ['bytes=3-5', 10, part(3, 5)],
    ['bytes=3-3', 10, part(3, 3)],
    ['bytes=0-9', 10, part(0, 9)],
    ['bytes=0-10', 10, part(0, 9)],
    ['bytes=0-99999999999999999999', 10, part(0, 9)],
    [`bytes=0-${'9'.repeat(400)}`, 10, part(0, 9)],
    ['bytes=0-0', 1, part(0, 0)],
    ['bytes=-1', 1, part(0, 0)],
    ['bytes=-1', 10, part(9, 9)],
    ['bytes=-10', 10, part(0, 9)],
    ['bytes=-11', 10, part(0, 9)],
    ['bytes=-99999999999999999999', 10, part(0, 9)],
    ['bytes=0000000000000000000000003-0005', 10, part(3, 5)],
    [`bytes=${LARGE - 1}-`, LARGE, part(LARGE - 1, LARGE - 1)],
    [`bytes=-${LARGE}`, LARGE, part(0, LARGE - 1)],
    [`bytes=-${LARGE + 1}`, LARGE, part(0, LARGE - 1)],
    ['BYTES=1-2', 10, part(1, 2)],
    ['bytes=1-2,', 10, part(1, 2)],
    ['bytes=, ,1-2 ,\t', 10, part(1, 2)],
  ])('DL-06: %s of %d bytes is a part', (value, size, expected) => {
    expect(parseByteRange(value, size)).toEqual(expected);
  });

  it.each([
    ['bytes=10-', 10],
    ['bytes=10-10', 10],
    ['bytes=1-', 1],
    ['bytes=-0', 10],
    ['bytes=-000', 10],
    ['bytes=0-', 0],
    ['bytes=0-0', 0],
    ['bytes=-0', 0],
    [`bytes=${LARGE}-`, LARGE],
    ['bytes=9007199254740993-', 10],
    [`bytes=${'9'.repeat(400)}-`, 10],
  ])('DL-06: %s of %d bytes cannot be satisfied', (value, size) => {
    expect(parseByteRange(value, size)).toEqual(unsatisfiable);
  });

  it.each([
    undefined,
    '',
    'abc',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes=-',
    'bytes=abc',
    'bytes=5-2',
    'bytes=9007199254740993-9007199254740992',
    'bytes=1-2-3',
    'bytes=--1',
    'bytes=-1-2',
    'bytes=+1-2',
    'bytes=1.5-2',
    'bytes=0x1-2',
    'bytes=1e0-2',
    'bytes=٣-٤',
    'bytes=1 -2',
    'bytes =1-2',
    ' bytes=1-2',
    'bytes:1-2',
    'bytes=1-2\n',
    'items=0-1',
    'none',
  ])('DL-06: %j is ignored, so the whole representation is sent', (value) => {
    expect(parseByteRange(value, 10)).toEqual(whole);
  });

  it('DL-06: several ranges are answered with the whole, 200 overlapping ones within milliseconds', () => {
    expect(parseByteRange('bytes=0-1,3-4', 10)).toEqual(whole);
    expect(parseByteRange('bytes=20-,30-', 10)).toEqual(whole);
    const flood = `bytes=${Array.from({ length: 200 }, (_, index) => `${index}-`).join(',')}`;
    const started = performance.now();
    for (let round = 0; round < 100; round++) expect(parseByteRange(flood, LARGE)).toEqual(whole);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('IV-12: 100 kB of white space, digits or commas costs linear time', () => {
    const started = performance.now();
    for (const filler of [' ', '\t', '9', ',', '0', '-'])
      parseByteRange(`bytes=1${filler.repeat(100_000)}x`, 10);
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('DL-06: a suffix of an empty representation gets the whole, for no Content-Range can say "no bytes"', () => {
    expect(parseByteRange('bytes=-1', 0)).toEqual(whole);
  });

  it('DL-06: every satisfiable range selects what slice selects', () => {
    const bounds = fc.tuple(fc.nat(40), fc.nat(40), fc.nat(60), fc.constantFrom('closed', 'open', 'suffix'));
    fc.assert(
      fc.property(bounds, ([size, first, last, form]) => {
        const content = Array.from({ length: size }, (_, index) => index);
        const [value, slice] =
          form === 'closed'
            ? [`bytes=${first}-${last}`, content.slice(first, last + 1)]
            : form === 'open'
              ? [`bytes=${first}-`, content.slice(first)]
              : [`bytes=-${last}`, last === 0 ? [] : content.slice(-last)];
        const decision = parseByteRange(value, size);
        if (decision.kind === 'part') {
          expect(content.slice(decision.start, decision.end + 1)).toEqual(slice);
          expect(slice).not.toHaveLength(0);
        } else if (form === 'closed' && last < first) expect(decision).toEqual(whole);
        else expect(slice).toHaveLength(0);
      }),
    );
  });

  it('never throws and never leaves the representation', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `bytes=${text}`),
        ),
        fc.nat(),
        (value, size) => {
          const decision = parseByteRange(value, size);
          if (decision.kind !== 'part') return;
          expect(decision.start).toBeGreaterThanOrEqual(0);
          expect(decision.start).toBeLessThanOrEqual(decision.end);
          expect(decision.end).toBeLessThan(size);
        },
      ),
    );
  });
});

describe('formatContentRange', () => {
  it('DL-06: names both ends and the size, or only the size of what could not be satisfied', () => {
    expect(formatContentRange({ start: 0, end: 4 }, 10)).toBe('bytes 0-4/10');
    expect(formatContentRange(null, 10)).toBe('bytes */10');
    expect(formatContentRange(null, 0)).toBe('bytes */0');
  });
});
