import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { PropertyGateway } from '../support/property-gateway.js';
import { exchange, head, statusOf, type Reply } from '../support/raw-http.js';
import { expectSourcesOnly } from '../support/stored-things.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const BOUNDARY = 'b0undary';
const FORM = `multipart/form-data; boundary=${BOUNDARY}`;
const FILE = 'Content-Disposition: form-data; name="file"; filename="a.txt"';
const MIB = 1024 * 1024;

let gateway: PropertyGateway;
let sources = 0;

beforeAll(async () => {
  gateway = await PropertyGateway.start();
});

afterAll(async () => gateway.dispose());

async function send(body: Buffer | string, type = FORM): Promise<Reply> {
  const { token } = gateway.tenant.editor;
  const headers = { 'content-type': type };
  const reply = await gateway.ask({ method: 'POST', path: '/v1/sources', token, headers, body });
  if (reply.status === 201) sources += 1;
  return reply;
}

async function contentOf(reply: Reply): Promise<Reply> {
  const { token } = gateway.tenant.viewer;
  return await gateway.ask({ path: `/v1/sources/${reply.json.source_id as string}/content`, token });
}

/** A part of bytes that need not be text: `latin1` gives each character its byte. */
const part = (headers: string, content = 'Hello.', boundary = BOUNDARY): Buffer =>
  Buffer.from(`--${boundary}\r\n${headers}\r\n\r\n${content}\r\n`, 'latin1');
const end = (boundary = BOUNDARY): Buffer => Buffer.from(`--${boundary}--\r\n`);
const whole = (headers: string, content?: string): Buffer => Buffer.concat([part(headers, content), end()]);
const field = (name: string, value: string): Buffer =>
  part(`Content-Disposition: form-data; name="${name}"`, value);
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

describe('a malformed form (UP-03)', () => {
  it.each<[string, Buffer | string, string?]>([
    ['headers of a part that begin with a blank', whole(` ${FILE}`)],
    ['a part header without a colon', whole(`${FILE}\r\nX-Nothing`)],
    ['a part header with a blank in its name', whole(`${FILE}\r\nX Y: z`)],
    ['a part header of 1 MB', whole(`${FILE}\r\nX-Long: ${'x'.repeat(MIB)}`)],
    ['a file name of 1 MB', whole(FILE.replace('a.txt', 'x'.repeat(MIB)))],
    ['part headers of 17 KiB altogether', whole(`${FILE}${'\r\nX: y'.repeat(17 * 170)}`)],
    ['two Content-Dispositions', whole(`${FILE}\r\n${FILE}`)],
    ['two content types', whole(`${FILE}\r\nContent-Type: text/plain\r\nContent-Type: text/html`)],
    ['two file names', whole(`${FILE}; filename="b.txt"`)],
    ['two names', whole(`${FILE}; name="name"`)],
    ['a part of another kind', whole(FILE.replace('form-data', 'attachment'))],
    ['text after a quoted name', whole(FILE.replace('"file"', '"file"x'))],
    ['a quote that is never closed', whole(FILE.slice(0, -1))],
    ['a quote within quotes', whole(FILE.replace('a.txt', 'a"b.txt'))],
    ['a line feed in a name', whole(FILE.replace('a.txt', 'a\nb.txt'))],
    ['a carriage return in a name', whole(FILE.replace('a.txt', 'a\rb.txt'))],
    ['NUL in a file name (IV-04)', whole(FILE.replace('a.txt', 'a\0.txt'))],
    ['a file name in Latin-1 (IV-04)', whole(FILE.replace('a.txt', '\xe9.txt'))],
    ['a file name that is cut within a character (IV-04)', whole(FILE.replace('a.txt', '\xf0\x9f\x8d'))],
    ['a file name with half a surrogate pair (IV-04)', whole(FILE.replace('a.txt', '\xed\xa0\x80'))],
    ['a field name that is not UTF-8 (IV-04)', field('na\xffme', 'x')],
    ['filename* in Latin-1 (IV-04)', whole(`${FILE.replace(/;[^;]*$/, '')}; filename*=iso-8859-1''%e9`)],
    ['filename* that is not UTF-8 (IV-04)', whole(`${FILE}; filename*=utf-8''%ff`)],
    ['filename* without a charset', whole(`${FILE}; filename*=a.txt`)],
    ['a part in base64', whole(`${FILE}\r\nContent-Transfer-Encoding: base64`, 'SGVsbG8u')],
    ['its boundary, and more, in a file', whole(FILE, `one\r\n--${BOUNDARY}X\r\ntwo`)],
    ['its delimiter and a blank line in a file', whole(FILE, `one\r\n--${BOUNDARY}\r\n\r\ntwo`)],
    ['a final delimiter with one dash', Buffer.concat([part(FILE), Buffer.from(`--${BOUNDARY}-`)])],
    [
      'a final delimiter with one dash and a line',
      Buffer.concat([part(FILE), Buffer.from(`--${BOUNDARY}-\r\n`)]),
    ],
    ['delimiters without dashes', whole(FILE).toString('latin1').replaceAll('--', '')],
    ['1 MB before its first part', Buffer.concat([Buffer.alloc(MIB, 'x'), Buffer.from('\r\n'), whole(FILE)])],
    ['1 MB after its last part', Buffer.concat([whole(FILE), Buffer.alloc(MIB, 'x')])],
    ['a boundary of 71 characters', whole(FILE), `multipart/form-data; boundary=${'b'.repeat(71)}`],
    ['a boundary of 200 characters', whole(FILE), `multipart/form-data; boundary=${'b'.repeat(200)}`],
    ['two boundaries', whole(FILE), `${FORM}; boundary=other`],
    ['the same boundary twice', whole(FILE), `${FORM}; boundary=${BOUNDARY}`],
    ['a boundary that is not ASCII', whole(FILE), 'multipart/form-data; boundary=\xe9'],
    ['no boundary but a charset', whole(FILE), 'multipart/form-data; charset=utf-8'],
  ])('is answered with 400 and leaves nothing: %s', async (_what, body, type = FORM) => {
    const reply = await send(body, type);
    expect([reply.status, reply.json.code]).toEqual([400, 'malformed_request']);
    expect(reply.text).not.toMatch(/at .*\.js|node_modules/);
  });

  it.each([
    ['__proto__', 'prototype', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__'],
    ['name[]', 'name[a]', 'name.a', 'NAME', 'name ', '', 'files', 'file'],
  ])('names a field that there is not, and takes none for it (IV-01, IV-02): %s, …', async (...names) => {
    for (const name of names) {
      const reply = await send(Buffer.concat([field(name, '{"polluted":1}'), whole(FILE)]));
      expect([reply.status, reply.json.errors]).toEqual([
        422,
        [{ field: name, code: 'unknown', message: 'is not a field of this operation' }],
      ]);
    }
  });

  it.each<[string, string, Buffer]>([
    ['10,000 tiny fields', 'name', Buffer.concat(Array.from({ length: 10_000 }, () => field('name', '')))],
    ['1,000 files', 'file', Buffer.concat(Array.from({ length: 1000 }, () => part(FILE)))],
    [
      'a field given twice, once empty',
      'metadata',
      Buffer.concat([field('metadata', ''), field('metadata', '{}')]),
    ],
    ['a field of 200 kB', 'name', field('name', 'x'.repeat(200_000))],
    ['an id of 200 kB', 'source_id', field('source_id', 'x'.repeat(200_000))],
    ['a name that is not UTF-8 (IV-04)', 'name', field('name', 'a\xc3\x28')],
    ['an id that is not UTF-8 (IV-04)', 'source_id', field('source_id', '\xff\xfe')],
    ['metadata that is not UTF-8 (IV-04)', 'metadata', field('metadata', '{"a":"\xed\xa0\x80"}')],
    ['NUL in an id (IV-04)', 'source_id', field('source_id', 'a\0b')],
  ])('names the field that is at fault: %s', async (_what, name, parts) => {
    const reply = await send(Buffer.concat([parts, whole(FILE)]));
    expect([reply.status, reply.json.errors]).toMatchObject([422, [{ field: name, code: 'invalid' }]]);
  });

  it('has no file where a browser says that none was chosen', async () => {
    const reply = await send(whole(FILE.replace('a.txt', ''), ''));
    expect([reply.status, reply.json.code]).toEqual([400, 'file_missing']);
  });

  it.each([-1, -20, 1, 20])('whose length is off by %i is not taken', async (off) => {
    const body = whole(FILE);
    const lines = [`Content-Type: ${FORM}`, `Content-Length: ${body.length + off}`];
    const start = head('POST', '/v1/sources', gateway.tenant.editor.token, lines);
    const received = await exchange(gateway.url, [start, body], off > 0 ? 'fin' : 'wait');
    // Without the last byte of its last line break alone the form is complete.
    if (off === -1) sources += 1;
    if (off > 0) expect(received).not.toMatch(/^HTTP\/1\.1 2/);
    else expect(statusOf(received)).toBe(off === -1 ? 201 : 400);
  });
});

describe('an odd but well-formed form (UP-03)', () => {
  const near = `\r\n--${BOUNDARY.slice(1)}\r\n--${BOUNDARY.slice(0, -1)}\r\n\n--${BOUNDARY}\r--\r\n\r\n`;

  it.each<[string, Buffer | string, string?, string?]>([
    [
      'a boundary of one character',
      Buffer.concat([part(FILE, undefined, 'x'), end('x')]),
      'multipart/form-data; boundary=x',
    ],
    [
      'a quoted boundary with blanks and signs',
      Buffer.concat([part(FILE, undefined, "a b:?'=;"), end("a b:?'=;")]),
      'multipart/form-data; boundary="a b:?\'=;"',
    ],
    [
      'a bare boundary with signs',
      Buffer.concat([part(FILE, undefined, '=_a/b:c?'), end('=_a/b:c?')]),
      'multipart/form-data; boundary==_a/b:c?',
    ],
    [
      'parameters around the boundary',
      whole(FILE),
      `MULTIPART/Form-Data ; charset=utf-8 ; BOUNDARY="${BOUNDARY}" ; x=y`,
    ],
    [
      'a preamble and an epilogue',
      Buffer.concat([Buffer.from('before\r\n'), whole(FILE), Buffer.from('after')]),
    ],
    ['no line break at its end', whole(FILE).subarray(0, -2)],
    ['blanks after a delimiter', whole(FILE).toString('latin1').replace('\r\n', ' \t \r\n')],
    ['a header in several lines', whole(FILE.replace('; filename', ';\r\n filename'))],
    [
      'names in capitals',
      whole(FILE.replace(/Content-Disposition|form-data|name=|file(?=name)/g, (text) => text.toUpperCase())),
    ],
    ['bare names', whole(FILE.replaceAll('"', ''))],
    ['a content in 8 bits', whole(`${FILE}\r\nContent-Transfer-Encoding: 8BIT`)],
    ['what looks like a delimiter', whole(FILE, near), FORM, near],
    ['an empty file', whole(FILE, ''), FORM, ''],
    [
      'a form within the form',
      whole(`${FILE}\r\nContent-Type: multipart/mixed; boundary=i`, '--i\r\n\r\n1\r\n--i--\r\n'),
      FORM,
      '--i\r\n\r\n1\r\n--i--\r\n',
    ],
  ])('is stored byte for byte: %s', async (_what, body, type = FORM, content = 'Hello.') => {
    const reply = await send(body, type);
    expect([reply.status, reply.json.name]).toEqual([201, 'a.txt']);
    expect((await contentOf(reply)).bytes.toString('latin1')).toBe(content);
  });

  it.each([
    ['filename="Crème.txt"', 'Crème.txt'],
    [`filename*=UTF-8''Cr%C3%A8me%20%F0%9F%8D%AE.txt`, 'Crème 🍮.txt'],
    [`filename="plain.txt"; filename*=utf-8'en'%e2%82%ac.txt`, '€.txt'],
    ['filename="a\\"b\\\\c.txt"', 'c.txt'],
    ['filename="a\\"b.txt"', 'a"b.txt'],
    ['filename="C:\\dir\\x.txt"', 'x.txt'],
    ['filename="a%22b%0D%0A.txt"', 'a%22b%0D%0A.txt'],
    ['filename="../.."', 'untitled'],
    ['filename=""', 'untitled'],
    ['filename="\ufeffx\u2028.txt"', '\ufeffx\u2028.txt'],
    ['filename="\ufffd.txt"', '\ufffd.txt'],
  ])('names its file as it is written: %s', async (parameter, name) => {
    const reply = await send(whole(`Content-Disposition: form-data; name="file"; ${utf8(parameter)}`));
    expect([reply.status, reply.json.name]).toEqual([201, name]);
  });

  it.each([
    ['text/plain; charset=utf-16', 'text/plain; charset=utf-16'],
    ['Text/HTML;Charset="UTF-8"', 'text/html; charset=utf-8'],
    ['video/mp4; codecs="avc1, mp4a"', 'video/mp4; codecs="avc1, mp4a"'],
    ['application/octet-stream', 'text/plain'],
    ['nonsense', 'text/plain'],
    [`text/plain; x=${'y'.repeat(300)}`, 'text/plain'],
  ])('keeps the type of its file, with its parameters: %s', async (type, kept) => {
    const reply = await send(whole(`${FILE}\r\nContent-Type: ${type}`));
    expect([reply.status, reply.json.content_type]).toEqual([201, kept]);
    expect((await contentOf(reply)).headers['content-type']).toBe(kept);
  });
});

describe('all of these forms together', () => {
  it('leave what they stored, no other row, object or temporary file, and an unharmed gateway', async () => {
    await expectSourcesOnly(gateway, sources);
    await gateway.expectUnharmed();
  });
});
