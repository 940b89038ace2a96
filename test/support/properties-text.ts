import fc from 'fast-check';

/** Texts that have broken programs before: encodings, paths, shells, markup, formats, reserved names, look-alikes. */
export const AWKWARD_TEXTS: readonly string[] = [
  ...[
    'null',
    'undefined',
    'NaN',
    'true',
    '0',
    '-1',
    '1e309',
    '1/0',
    '0x10',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...[
    'CON',
    'con.txt',
    'NUL',
    'AUX.',
    'COM1',
    'LPT9.log',
    'trailing.',
    'trailing ',
    ' leading',
    '.hidden',
    '~',
    '-rf',
  ],
  ...[
    '.',
    '..',
    '...',
    '/',
    '\\',
    '//',
    'a/../b',
    '../../etc/passwd',
    '..\\..\\boot.ini',
    'C:\\x',
    '\\\\host\\share\\f',
  ],
  ...[
    '..%2f..%2fx',
    '%2e%2e/',
    '%00',
    'a%00b',
    '%41',
    '%',
    '%zz',
    'file:///etc/passwd',
    '/dev/null',
    'x/',
    'x\\',
  ],
  ...[
    'a"b',
    "a'b",
    'a;b',
    'a,b',
    'a=b',
    'a*b',
    'a`b`',
    '$(id)',
    '{{7*7}}',
    '${x}',
    '<script>x</script>',
    "' OR 1=1--",
  ],
  ...[
    '=?utf-8?q?x?=',
    '=?utf-8?b?Li4veA==?=',
    "UTF-8''x",
    'x; filename=y',
    '"; filename="y',
    "x\"; filename*=UTF-8''y",
  ],
  ...[
    '\r\nX-Injected: 1',
    'a\r\n\r\nb',
    'a\nb',
    'a\rb',
    'a\tb',
    '\u0007',
    '\u001b[31m',
    '\n{"level":"info"}',
    '\u007f',
    '\u0085',
  ],
  ...[
    '\u0000',
    'a\u0000b',
    '\ud800',
    'a\udfffb',
    '\ud83d',
    '\udc00\ud800',
    '\ufffe',
    '\uffff',
    '\ufeffx',
    '\ufffd',
  ],
  ...[
    'é',
    'e\u0301',
    '\u212b',
    'ﬁ',
    'İ',
    'ı',
    'ß',
    'ẞ',
    'Ω',
    'Ω',
    'а',
    'a\u0338',
    '\u0301',
    '\u0301\u0301',
    'ａ',
    '٣',
  ],
  ...[
    '\u202efdp.exe',
    '\u2066x\u2069',
    'a\u200bb',
    '\u200d',
    '\u2028',
    '\u2029',
    '\u00a0',
    '\u3000',
    '\u00ad',
    '\u180e',
  ],
  ...['日本語.txt', '한글', 'العربية', 'עברית', '👩‍👩‍👧‍👦', '🏳️‍🌈', '🇺🇳', '𝒳', '𠜎', 'Z̮̞̠͙͔ͅḀ̗̞͈̻̗', '\u{10ffff}', '\u{e0041}'],
];

const SYNTAX = [
  ...'./\\"%;\'\r\n\t *=?,<>()&aA0',
  'é',
  '本',
  '\u0301',
  '\u202e',
  '\ud83d\ude00',
  '\ud800',
  '\u0000',
];

/** Any sequence of UTF-16 units, lone surrogates and NUL among them. */
const units = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength })
    .map((codes) => String.fromCharCode(...codes));

/** Any text at all of at least one character: well formed or not, up to the length that names may have and a little over. */
export function anyText(): fc.Arbitrary<string> {
  const awkward = fc.constantFrom(...AWKWARD_TEXTS);
  return fc.oneof(
    { weight: 4, arbitrary: awkward },
    { weight: 2, arbitrary: fc.tuple(awkward, awkward).map((pair) => pair.join('')) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }) },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }) },
    { weight: 2, arbitrary: units(40) },
    {
      weight: 2,
      arbitrary: fc
        .array(fc.constantFrom(...SYNTAX), { minLength: 1, maxLength: 16 })
        .map((all) => all.join('')),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(awkward, fc.integer({ min: 1, max: 1_030 })).map(([text, size]) => cut(text, size)),
    },
  );
}

/** Text that every part of the contract takes as it is: well formed, without NUL, of 1 to 1,024 characters. */
export function storableText(): fc.Arbitrary<string> {
  return anyText().filter((text) => isStorable(text));
}

/** Whether the schema of a name takes this text: well-formed Unicode without NUL, of 1 to so many code points. */
export function isStorable(text: string, most = 1024): boolean {
  const length = [...text].length;
  return text.isWellFormed() && !text.includes('\u0000') && length >= 1 && length <= most;
}

/** UTF-8 of any string, a lone surrogate as the three bytes that a careless encoder makes of it. */
export function carelessUtf8(text: string): Buffer {
  return Buffer.concat(
    [...text].map((character) => {
      const code = character.codePointAt(0) ?? 0;
      if (code < 0xd800 || code > 0xdfff) return Buffer.from(character, 'utf8');
      return Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]);
    }),
  );
}

/** Percent-encodes every byte of {@link carelessUtf8}, so that any text at all can stand in a path or a query. */
export function percentEncoded(text: string): string {
  return [...carelessUtf8(text)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

/** Repeats a text to exactly so many code points. */
function cut(text: string, size: number): string {
  const characters = [...text];
  return Array.from({ length: size }, (_one, index) => characters[index % characters.length]).join('');
}
