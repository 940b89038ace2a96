import { gzipSync } from 'node:zlib';

import { form } from './raw-http.js';

/** A body as it goes over the wire: header lines and bytes. */
export interface WireBody {
  readonly lines: readonly string[];
  readonly bytes: string;
}

const FORM = form([{ name: 'file', fileName: 'stored.txt', type: 'text/plain', content: 'stored?' }]);
const JSON_TEXT = '{"name":"stored?","role":"viewer","tenant_id":"stored","sub_tenant_id":"stored"}';
const JSON_TYPE = 'Content-Type: application/json';
const RAW_TYPE = 'Content-Type: application/octet-stream';

const sized = (bytes: string, ...lines: string[]): WireBody => ({
  lines: [...lines, `Content-Length: ${Buffer.byteLength(bytes, 'latin1')}`],
  bytes,
});

const chunked = (bytes: string, ...lines: string[]): WireBody => ({
  lines: [...lines, 'Transfer-Encoding: chunked'],
  bytes: `${Buffer.byteLength(bytes, 'latin1').toString(16)}\r\n${bytes}\r\n0\r\n\r\n`,
});

const formType = `Content-Type: ${FORM.type}`;
const formText = FORM.body.toString('latin1');

/** Every way in which a body may be sent, the ones that the gateway does not read included. */
export const BODY_MODES: Readonly<Record<string, WireBody>> = {
  none: { lines: [], bytes: '' },
  JSON: sized(JSON_TEXT, JSON_TYPE),
  'broken JSON': sized('{', JSON_TYPE),
  'chunked JSON': chunked(JSON_TEXT, JSON_TYPE),
  raw: sized('stored?', RAW_TYPE),
  'raw without a type': sized('stored?'),
  'chunked raw': chunked('stored?', RAW_TYPE),
  'unfinished chunks': { lines: ['Transfer-Encoding: chunked'], bytes: 'ff\r\nstored?' },
  'gzip JSON': sized(
    gzipSync(JSON_TEXT)
      .toString('latin1')
      .replaceAll(/[^\0-\x7f]/g, '?'),
    JSON_TYPE,
    'Content-Encoding: gzip',
  ),
  'aws-chunked': sized(
    '7\r\nstored?\r\n0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n',
    RAW_TYPE,
    'Content-Encoding: aws-chunked',
    'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length: 7',
  ),
  multipart: sized(formText, formType),
  'chunked multipart': chunked(formText, formType),
  'raw, continue first': sized('stored?', RAW_TYPE, 'Expect: 100-continue'),
  'form, continue first': sized(formText, formType, 'Expect: 100-continue'),
};
