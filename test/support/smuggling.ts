/** A request that two parties might read differently, with the way one of them might be misled. */
export interface Riddle {
  readonly name: string;
  /** Everything after the request line, Host, Authorization and `Connection: close`. */
  readonly rest: string;
}

const CHUNKED = 'Transfer-Encoding: chunked';

/**
 * Requests whose framing is in doubt (RFC 9112 §6.3, §11.2). Each carries `inner`, a whole request, where only a reader
 * that takes the framing the wrong way finds it.
 */
export function riddles(inner: string): readonly Riddle[] {
  const whole = inner.length;
  const chunk = `${whole.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;
  const lengthOf = (text: string): string => `Content-Length: ${text.length}`;
  const empty = '0\r\n\r\n';
  const framings: readonly (readonly [string, readonly string[], string])[] = [
    ['a length and chunks, the length right', [lengthOf(empty + inner), CHUNKED], empty + inner],
    ['a length and chunks, the chunks right', ['Content-Length: 4', CHUNKED], chunk],
    ['chunks and a length after them', [CHUNKED, lengthOf(empty + inner)], empty + inner],
    ['two lengths, the first right', [lengthOf(inner), 'Content-Length: 0'], inner],
    ['two lengths, the second right', ['Content-Length: 0', lengthOf(inner)], inner],
    ['two lengths in one line', [`Content-Length: 0, ${whole}`], inner],
    ['a length with a sign', [`Content-Length: +${whole}`], inner],
    ['a negative length', ['Content-Length: -1'], inner],
    ['a length in hex', [`Content-Length: 0x${whole.toString(16)}`], inner],
    ['a length with a space in it', [`Content-Length: 0 ${whole}`], inner],
    ['a length too large for 64 bits', ['Content-Length: 18446744073709551616'], inner],
    ['a space before the colon of the length', [`Content-Length : ${whole}`], inner],
    ['a length with an underscore', [`Content_Length: ${whole}`], inner],
    ['an unknown coding', ['Transfer-Encoding: xchunked', lengthOf(inner)], inner],
    ['chunked before another coding', ['Transfer-Encoding: chunked, identity'], empty + inner],
    ['chunked twice', ['Transfer-Encoding: chunked, chunked'], empty + inner],
    ['two lines of codings', [CHUNKED, 'Transfer-Encoding: identity'], empty + inner],
    ['two lines of codings, the other way', ['Transfer-Encoding: identity', CHUNKED], empty + inner],
    ['a vertical tab in the coding', ['Transfer-Encoding: \x0bchunked', lengthOf(inner)], inner],
    [
      'a space before the colon of the coding',
      ['Transfer-Encoding : chunked', lengthOf(empty + inner)],
      empty + inner,
    ],
    ['a quoted coding', ['Transfer-Encoding: "chunked"', lengthOf(empty + inner)], empty + inner],
    ['a folded coding', ['Transfer-Encoding:\r\n chunked', lengthOf(empty + inner)], empty + inner],
    ['a folded header', ['X-Fold: a\r\n b', lengthOf(inner)], inner],
    ['a header that begins with a space', [` ${CHUNKED}`, lengthOf(empty + inner)], empty + inner],
    ['a bare line feed between headers', [`X-Bare: a\nContent-Length: 0`, lengthOf(inner)], inner],
    ['a bare carriage return in a header', [`X-Bare: a\r${CHUNKED}`, lengthOf(empty + inner)], empty + inner],
    ['a zero byte in a header', ['X-Zero: a\0b', lengthOf(inner)], inner],
    ['a chunk size too large for 64 bits', [CHUNKED], `10000000000000000\r\n${inner}`],
    ['a negative chunk size', [CHUNKED], `-1\r\n${inner}`],
    ['a chunk size in C notation', [CHUNKED], `0x${chunk}`],
    ['a bare line feed in a chunk extension', [CHUNKED], `1;a\nb\r\nx\r\n${empty}${inner}`],
    ['a chunk extension of a mebibyte', [CHUNKED], `1;${'a'.repeat(2 ** 20)}\r\nx\r\n${empty}${inner}`],
    ['two hosts', ['Host: other.test', lengthOf(inner)], inner],
    ['a chunk whose end is missing', [CHUNKED], `1\r\nxx${empty}${inner}`],
    ['a length as a trailer', [CHUNKED], `0\r\nContent-Length: ${whole}\r\n\r\n${inner}`],
    ['a length named as hop by hop', [lengthOf(inner), 'Connection: content-length'], inner],
    ['chunks named as hop by hop', [CHUNKED, 'Connection: transfer-encoding'], chunk],
    ['an upgrade to another protocol', ['Upgrade: h2c', 'Connection: Upgrade', lengthOf(inner)], inner],
    ['no length at all', [], inner],
    ['a right length', [lengthOf(inner)], inner],
  ];
  return framings.map(([name, lines, body]) => ({ name, rest: `${lines.join('\r\n')}\r\n\r\n${body}` }));
}
