import { expectStatus, type Api } from './api.js';

/** A file as the fetch call must give it back: exactly one of `content` and `content_base64`. */
export interface CompatFile {
  readonly what: string;
  readonly name: string;
  /** As sent with the upload. */
  readonly type: string;
  readonly bytes: Buffer;
  readonly textual: boolean;
}

const PNG = Buffer.from('89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de', 'hex');
const PDF = Buffer.concat([
  Buffer.from('%PDF-1.7\n%'),
  Buffer.from([0xe2, 0xe3, 0xcf, 0xd3]),
  Buffer.from('\n'),
]);

/** One file of every kind that the fetch call tells apart. */
export const COMPAT_FILES: readonly CompatFile[] = [
  text('plain text', 'note.txt', 'text/plain', 'Grüße, 世界 👋\r\n'),
  text('text that declares UTF-8', 'utf8.txt', 'text/plain; charset=UTF-8', 'naïve'),
  text('CSV', 'table.csv', 'text/csv', 'a,b\n1,"ü"\n'),
  text('JSON', 'data.json', 'application/json', '{"a":[1,null]}'),
  text('XML', 'feed.xml', 'application/xml', '<?xml version="1.0"?><a>é</a>'),
  text('an +xml type', 'picture.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"/>'),
  text('Markdown', 'readme.md', 'text/markdown', '# Title\n'),
  text('text with a byte-order mark', 'bom.txt', 'text/plain', '\uFEFFmarked'),
  text('text with NUL characters', 'nul.txt', 'text/plain', 'a\u0000b'),
  text('an empty text file', 'empty.txt', 'text/plain', ''),
  binary('PDF', 'paper.pdf', 'application/pdf', PDF),
  binary('a PNG image', 'dot.png', 'image/png', PNG),
  binary('text that is not valid UTF-8', 'broken.txt', 'text/plain', Buffer.from([0x61, 0xc3, 0x28])),
  binary('text with an encoded surrogate', 'cesu.txt', 'text/plain', Buffer.from([0xed, 0xa0, 0x80])),
  binary(
    'text in another charset',
    'latin1.txt',
    'text/plain; charset=iso-8859-1',
    Buffer.from('caf\xe9', 'latin1'),
  ),
  binary(
    'UTF-16 that is valid UTF-8 as well',
    'wide.txt',
    'text/plain; charset=utf-16le',
    Buffer.from('hi', 'utf16le'),
  ),
  binary('ASCII of no textual type', 'blob.bin', 'application/octet-stream', Buffer.from('plain')),
  binary('an empty binary file', 'empty.bin', 'application/octet-stream', Buffer.alloc(0)),
];

/** Uploads them all, by form or by raw body; each has its name for an id. */
export async function uploadCompatFiles(editor: Api): Promise<void> {
  const answers = await Promise.all(
    COMPAT_FILES.map(({ bytes, name, type }) =>
      // The parameters of a form part's type are not kept.
      type.includes(';')
        ? editor.put(name, bytes, { 'content-type': type })
        : editor.upload(bytes, name, type, { source_id: name }),
    ),
  );
  for (const answer of answers) expectStatus(answer, 201);
}

function text(what: string, name: string, type: string, content: string): CompatFile {
  return { what, name, type, bytes: Buffer.from(content, 'utf8'), textual: true };
}

function binary(what: string, name: string, type: string, bytes: Buffer): CompatFile {
  return { what, name, type, bytes, textual: false };
}
