import fc from 'fast-check';

/** What a server has to make of a Range field, as bytes of the content; both ends are included. */
export type RangeOutcome =
  | { readonly status: 200 }
  | { readonly status: 416 }
  | { readonly status: 206; readonly first: number; readonly last: number };

/**
 * RFC 9110 §14.1.1 to §14.2, for a GET of `size` bytes, with the choices that docs/api.md leaves to the server: one range
 * is answered, several are answered with the whole. Works on exact integers of any length.
 */
export function rangeOutcome(field: string, size: number): RangeOutcome {
  const whole = { status: 200 } as const;
  const equals = field.indexOf('=');
  if (equals === -1 || field.slice(0, equals).toLowerCase() !== 'bytes') return whole;
  const members = field
    .slice(equals + 1)
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member.length > 0);
  const [only = ''] = members;
  const dash = only.indexOf('-');
  const [from, to] = [only.slice(0, dash), only.slice(dash + 1)];
  if (members.length !== 1 || dash === -1 || !isDigits(from) || !isDigits(to) || from + to === '')
    return whole;
  const length = BigInt(size);
  if (from === '') {
    // A suffix of nothing cannot be had; of nothing's suffix no Content-Range can tell.
    if (BigInt(to) === 0n) return { status: 416 };
    if (size === 0) return whole;
    const first = BigInt(to) >= length ? 0n : length - BigInt(to);
    return { status: 206, first: Number(first), last: size - 1 };
  }
  if (to !== '' && BigInt(to) < BigInt(from)) return whole;
  if (BigInt(from) >= length) return { status: 416 };
  const last = to === '' || BigInt(to) >= length ? length - 1n : BigInt(to);
  return { status: 206, first: Number(BigInt(from)), last: Number(last) };
}

function isDigits(text: string): boolean {
  return [...text].every((character) => character >= '0' && character <= '9');
}

/** Range fields around a size: good, reversed, beyond the end, huge, several, malformed, of other units. */
export function rangeFields(size: number): fc.Arbitrary<string> {
  const near = fc.oneof(
    fc.constantFrom(0, 1, 9, 65_535, 65_536, Math.max(0, size - 1), size, size + 1).map(String),
    fc.nat(size + 10).map(String),
    fc.bigInt({ min: 0n, max: 2n ** 80n }).map(String),
    fc.nat(99).map((number) => `000${number}`),
  );
  const pair = fc.tuple(near, near);
  const spec = fc.oneof(
    { weight: 4, arbitrary: pair.map(([a, b]) => (BigInt(a) <= BigInt(b) ? `${a}-${b}` : `${b}-${a}`)) },
    { weight: 2, arbitrary: near.map((a) => `${a}-`) },
    { weight: 3, arbitrary: near.map((a) => `-${a}`) },
    { weight: 1, arbitrary: pair.map(([a, b]) => `${a}-${b}`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '-',
        '',
        '--1',
        '1-2-3',
        '0x0-1',
        '1e1-',
        '+1-2',
        '1.0-2',
        ' 1-2',
        '1 -2',
        '-1-',
      ),
    },
  );
  const unit = fc.oneof(
    { weight: 8, arbitrary: fc.constant('bytes=') },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'Bytes=',
        'BYTES=',
        'bYtEs=',
        'items=',
        'bytes',
        'bytes =',
        'bytes:',
        '=',
        'byte=',
      ),
    },
  );
  const set = fc.oneof(
    { weight: 8, arbitrary: spec },
    { weight: 1, arbitrary: fc.array(spec, { minLength: 2, maxLength: 6 }).map((all) => all.join(', ')) },
    { weight: 1, arbitrary: spec.map((one) => Array.from({ length: 200 }, () => one).join(',')) },
    { weight: 1, arbitrary: spec.map((one) => `, ,${one} ,\t`) },
  );
  return fc.tuple(unit, set).map(([name, members]) => `${name}${members}`.trim());
}
