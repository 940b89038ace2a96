import { describe, expect, it } from '@jest/globals';
import { array, assert, constantFrom, date, nat, property, string, uuid } from 'fast-check';
import { CodedError, CommonErrors } from './errors.js';
import {
  encodeCursor,
  parseCursor,
  parseIdPosition,
  parseTextPosition,
  parseTimePosition,
  toPage,
} from './page.js';

const ID = '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b';
const TIME = '2030-01-31T12:00:00.000Z';

const anything = () => true;

function cursorOf(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

/** Any text that a key can be: no NUL, no half of a surrogate pair. */
const keyText = () => string({ unit: 'binary' }).filter((text) => !text.includes('\u0000'));

function expectRefused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(CodedError.is(error, CommonErrors.unparsable)).toBe(true);
    return;
  }
  throw new Error('The cursor was taken.');
}

describe('parseCursor', () => {
  it('reads back every position that encodeCursor wrote', () => {
    assert(
      property(array(keyText(), { maxLength: 4 }), (position) => {
        const parts = parseCursor(encodeCursor(position), ...position.map(() => anything));
        expect(parts).toEqual(position);
      }),
    );
  });

  it('AZ-09: answers a changed, cut or padded cursor with 400 or with another position, never with a fault', () => {
    const cursor = encodeCursor([TIME, ID]);
    assert(
      property(nat(cursor.length - 1), string(), (place, text) => {
        for (const other of [
          cursor.slice(0, place) + text + cursor.slice(place + 1),
          cursor.slice(0, place),
          cursor + text,
          text,
        ]) {
          try {
            expect(parseCursor(other, anything, anything)).toHaveLength(2);
          } catch (error) {
            expect(CodedError.is(error, CommonErrors.unparsable)).toBe(true);
          }
        }
      }),
    );
  });

  it.each([
    [[]],
    [['a']],
    [['a', 'b', 'c']],
    [['a', 1]],
    [['a', null]],
    [['a', ['b']]],
    [{ 0: 'a', 1: 'b', length: 2 }],
    ['ab'],
    [null],
    [7],
  ])('refuses %j where two texts are expected', (value) => {
    expectRefused(() => parseCursor(cursorOf(value), anything, anything));
  });

  it.each([['a\u0000b'], ['\ud800'], ['a\udfff']])(
    'IV-04: refuses %j, which PostgreSQL cannot compare with',
    (part) => {
      expectRefused(() => parseCursor(cursorOf([part]), anything));
    },
  );

  it('refuses a part that its check refuses', () => {
    expect(parseCursor(cursorOf(['a', 'b']), anything, (part) => part === 'b')).toEqual(['a', 'b']);
    expectRefused(() => parseCursor(cursorOf(['a', 'b']), anything, (part) => part === 'c'));
  });

  it('refuses what is no base64, no UTF-8 or no JSON', () => {
    for (const cursor of ['', '!!!!', 'WyJhIg', Buffer.from([0xff, 0xfe]).toString('base64url'), '[]'])
      expectRefused(() => parseCursor(cursor, anything));
  });
});

describe('parseTextPosition', () => {
  it('begins before every text when there is no cursor', () => {
    expect(parseTextPosition({ limit: 1 })).toBe('');
    expect(parseTextPosition({ limit: 1, cursor: undefined })).toBe('');
  });

  it('goes on after the text of the cursor', () => {
    expect(parseTextPosition({ limit: 1, cursor: encodeCursor(['acme']) })).toBe('acme');
    expectRefused(() => parseTextPosition({ limit: 1, cursor: encodeCursor(['']) }));
  });
});

describe('parseIdPosition', () => {
  it('takes a UUID and nothing else', () => {
    expect(parseIdPosition({ limit: 1 })).toBeNull();
    assert(property(uuid(), (id) => parseIdPosition({ limit: 1, cursor: encodeCursor([id]) }) === id));
    for (const id of ['', 'acme', `${ID}0`, "' OR 1=1"])
      expectRefused(() => parseIdPosition({ limit: 1, cursor: encodeCursor([id]) }));
  });
});

describe('parseTimePosition', () => {
  it('is the beginning without a cursor', () => {
    expect(parseTimePosition({ limit: 1 })).toBeNull();
  });

  it('reads back every moment PostgreSQL can hold', () => {
    const moments = date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    assert(
      property(moments, uuid(), (moment, id) => {
        const cursor = encodeCursor([moment.toISOString(), id]);
        expect(parseTimePosition({ limit: 1, cursor })).toEqual({ createdAt: moment.toISOString(), id });
      }),
    );
  });

  it.each([
    '',
    '1',
    '2030',
    'yesterday',
    'now',
    'infinity',
    '2030-01-31',
    '2030-01-31T12:00:00Z',
    '2030-02-30T12:00:00.000Z',
    '2030-01-31T12:00:00.000+01:00',
    '2030-01-31T24:00:00.000Z',
    '0000-01-01T00:00:00.000Z',
    '-000001-01-01T00:00:00.000Z',
    '+275760-09-13T00:00:00.000Z',
    'Thu, 31 Jan 2030 12:00:00 GMT',
  ])('IV-09: refuses the time %p, which the database reads otherwise or not at all', (time) => {
    expectRefused(() => parseTimePosition({ limit: 1, cursor: encodeCursor([time, ID]) }));
  });

  it('refuses an id that is no UUID', () => {
    expectRefused(() => parseTimePosition({ limit: 1, cursor: encodeCursor([TIME, 'acme']) }));
  });
});

describe('toPage', () => {
  const position = (row: string) => [row];

  it('gives the cursor of the last row shown when there are more', () => {
    const page = toPage(['a', 'b', 'c'], 2, position);
    expect(page.items).toEqual(['a', 'b']);
    expect(parseCursor(page.nextCursor ?? '', anything)).toEqual(['b']);
  });

  it.each([[[]], [['a']], [['a', 'b']]])('ends with %j when the limit is two', (rows) => {
    expect(toPage(rows, 2, position)).toEqual({ items: rows, nextCursor: null });
  });

  it('shows every row once when its cursors are followed', () => {
    assert(
      property(nat(60), constantFrom(1, 2, 3, 7, 20), (count, limit) => {
        const rows = Array.from({ length: count }, (_, index) => String(index).padStart(3, '0'));
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const after = parseTextPosition({ limit, cursor });
          const page = toPage(rows.filter((row) => row > after).slice(0, limit + 1), limit, position);
          seen.push(...page.items);
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);
        expect(seen).toEqual(rows);
      }),
    );
  });
});
