import { describe, expect, it } from '@jest/globals';
import { isActiveType, isTextualType, mayBeInline } from './media-type-traits.js';

describe('isActiveType and mayBeInline', () => {
  it.each([
    'text/html',
    'TEXT/HTML; charset=utf-8',
    'application/xhtml+xml',
    'image/svg+xml',
    'image/svg+xml;charset=utf-8',
    'text/xml',
    'application/xml',
    'application/xml-dtd',
    'application/rss+xml',
    'application/vnd.custom+xml',
    'video/vnd.custom+xml',
    'audio/x+xml',
    'text/xsl',
    'text/javascript',
    'application/javascript',
    'application/x-javascript',
    'application/ecmascript',
    'text/javascript1.5',
    'text/jscript',
    'text/livescript',
    'multipart/related',
    'message/rfc822',
    'application/x-mimearchive',
    'multipart/x-mixed-replace',
    'application/x-shockwave-flash',
    'application/wasm',
    'text/css',
  ])('DL-02: %s is active and never shown inline', (type) => {
    expect(isActiveType(type)).toBe(true);
    expect(mayBeInline(type)).toBe(false);
  });

  it.each([
    'image/png',
    'IMAGE/JPEG',
    'image/webp',
    'audio/mpeg',
    'audio/ogg; codecs=opus',
    'video/mp4',
    'text/plain',
    'text/plain; charset=utf-16',
    'text/csv',
    'text/markdown',
    'application/json',
    'application/pdf',
  ])('DL-02: %s is inert and may be shown inline', (type) => {
    expect(isActiveType(type)).toBe(false);
    expect(mayBeInline(type)).toBe(true);
  });

  it.each([
    'application/octet-stream',
    'application/zip',
    'text/unknown',
    'image/unknown',
    'x/y',
    '',
    '*/*',
    'video/',
  ])('DL-02: %j is on no allow-list and goes out as an attachment', (type) => {
    expect(mayBeInline(type)).toBe(false);
  });
});

describe('isTextualType', () => {
  it.each([
    'text/plain',
    'text/plain; charset=utf-8',
    'text/plain; charset="UTF-8"',
    'text/plain; charset=us-ascii',
    'text/html',
    'text/csv',
    'text/markdown',
    'application/json',
    'application/problem+json',
    'application/xml',
    'application/atom+xml',
    'image/svg+xml',
    'application/yaml',
    'application/x-yaml',
    'application/javascript',
    'application/x-ndjson',
    'application/sql',
    'application/toml',
  ])('%s is textual', (type) => {
    expect(isTextualType(type)).toBe(true);
  });

  it.each([
    'text/plain; charset=utf-16',
    'text/plain; charset=iso-8859-1',
    'application/json; charset=windows-1252',
    'application/octet-stream',
    'application/pdf',
    'application/zip',
    'image/png',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'text/plain; charset',
    'text',
    '',
  ])('%j is not textual', (type) => {
    expect(isTextualType(type)).toBe(false);
  });
});
