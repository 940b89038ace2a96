import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatContentDisposition, safeFileName } from './content-disposition.js';

/** A reader of its own, by RFC 6266 §4.1 and RFC 8187 §3.2.1: fails on anything outside that grammar. */
function readHeader(header: string): { type: string; fallback: string; fileName: string } {
  const grammar =
    /^(attachment|inline); filename=(?:"((?:[ !#-[\]-~]|\\[ -~])*)"|([\w!#$%&'*+.^`|~-]+))(?:; filename\*=UTF-8''((?:[\w!#$&+.^`|~-]|%[0-9A-F]{2})*))?$/;
  const match = grammar.exec(header);
  if (match === null) throw new Error(`not RFC 6266: ${header}`);
  const fallback = match[2] === undefined ? (match[3] ?? '') : match[2].replace(/\\(.)/g, '$1');
  const fileName = match[4] === undefined ? fallback : decodeURIComponent(match[4]);
  return { type: match[1] ?? '', fallback, fileName };
}

describe('formatContentDisposition', () => {
  it.each([
    ['report.pdf', 'attachment; filename=report.pdf'],
    ['my report.pdf', 'attachment; filename="my report.pdf"'],
    ['a;b', 'attachment; filename="a;b"'],
    ['a"b.txt', `attachment; filename=a_b.txt; filename*=UTF-8''a%22b.txt`],
    ['é.txt', `attachment; filename=e.txt; filename*=UTF-8''%C3%A9.txt`],
    ['日本.txt', `attachment; filename=__.txt; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt`],
    ['한글.txt', `attachment; filename=__.txt; filename*=UTF-8''%ED%95%9C%EA%B8%80.txt`],
    ['😀.png', `attachment; filename=_.png; filename*=UTF-8''%F0%9F%98%80.png`],
    ['%41', `attachment; filename=_41; filename*=UTF-8''%2541`],
    [
      '=?utf-8?q?=2Fx?=',
      `attachment; filename="=_utf-8?q?=2Fx?="; filename*=UTF-8''%3D%3Futf-8%3Fq%3F%3D2Fx%3F%3D`,
    ],
    ['a=?b?.txt', `attachment; filename="a=_b?.txt"; filename*=UTF-8''a%3D%3Fb%3F.txt`],
    ['100%.txt', `attachment; filename=100_.txt; filename*=UTF-8''100%25.txt`],
    [
      `${'x'.repeat(300)}.md`,
      `attachment; filename=${'x'.repeat(197)}.md; filename*=UTF-8''${'x'.repeat(300)}.md`,
    ],
    ["it's(1)*.txt", `attachment; filename="it's(1)*.txt"`],
    ["é'(1)*.txt", `attachment; filename="e'(1)*.txt"; filename*=UTF-8''%C3%A9%27%281%29%2A.txt`],
  ])('DL-01: %s is sent as %s', (name, header) => {
    expect(formatContentDisposition('attachment', name)).toBe(header);
  });

  it.each([
    ['a\\b', 'b'],
    ['../x', 'x'],
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['C:\\x', 'x'],
    ['/abs', 'abs'],
    ['dir/', 'dir'],
    ['.htaccess', '.htaccess'],
    ['..%2fx', '..%2fx'],
    ['a\r\nX-Evil: 1', 'a_X-Evil: 1'],
    ['a\tb', 'a_b'],
    ['a\u0000b\u007f\u0085', 'a_b_'],
    ['\u202Efdp.exe', '_fdp.exe'],
    ['a\u2028b', 'a_b'],
    ['\ud800x', '\ufffdx'],
    ['', 'download'],
    ['   ', 'download'],
    ['.', 'download'],
    ['..', 'download'],
    ['a/..', 'download'],
    ['/', 'download'],
    ['\\', 'download'],
    ['x'.repeat(300), 'x'.repeat(300)],
    ['é'.repeat(300), 'é'.repeat(300)],
    ['本'.repeat(300), '本'.repeat(300)],
  ])('DL-01: %j decodes to %j', (name, expected) => {
    const { fileName, type } = readHeader(formatContentDisposition('inline', name));
    expect(fileName).toBe(expected);
    expect(type).toBe('inline');
  });

  it.each([
    ['😀'.repeat(1_024) + '.tar', '.tar'],
    ['a'.repeat(100_000) + '.tar', '.tar'],
    ['"'.repeat(1_024), '"'],
    ['.' + '本'.repeat(1_024), '本'],
  ])(
    'DL-01: a name too long for default proxies is cut between characters, keeping its extension (%#)',
    (name, end) => {
      const header = formatContentDisposition('attachment', name);
      const { fileName } = readHeader(header);
      expect(header.length).toBeLessThan(3_100);
      expect(fileName.isWellFormed()).toBe(true);
      expect(fileName.endsWith(end)).toBe(true);
      expect(name.startsWith(fileName.slice(0, fileName.length - end.length))).toBe(true);
    },
  );

  it.each(['\u0591', '\u0301\u0302', '.\u0301', ' \u0301'])(
    'DL-01: has an ASCII name for %j, which is nothing but marks',
    (name) => {
      expect(formatContentDisposition('attachment', name)).toMatch(/filename="?download"?;/);
    },
  );

  it('DL-01: every string yields one line of printable ASCII that decodes to the safe name', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
        .map((units) => String.fromCharCode(...units)),
      fc
        .array(fc.constantFrom(...'./\\"%;\'\r\n\t *=,<>a本\ud83d\ude00'), { maxLength: 12 })
        .map((c) => c.join('')),
    );
    fc.assert(
      fc.property(anyText, (name) => {
        const header = formatContentDisposition('attachment', name);
        expect(header).toMatch(/^[ -~]+$/);
        const { fileName, fallback } = readHeader(header);
        expect(fileName).toBe(safeFileName(name));
        expect(fileName).not.toMatch(/[/\\\p{Cc}]|^\.{0,2}$/u);
        expect(fallback).not.toMatch(/[/\\]|^\.{0,2}$/);
      }),
      { numRuns: 1_000 },
    );
  });

  it('DL-01: an ordinary name comes back exactly', () => {
    const ordinary = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
      .filter((name) => !/[/\\\p{Cc}\u2028-\u202e\u2066-\u2069]/u.test(name) && /[^.\s]/.test(name));
    fc.assert(
      fc.property(ordinary, (name) => {
        expect(readHeader(formatContentDisposition('attachment', name)).fileName).toBe(name);
      }),
    );
  });
});
