import { describe, expect, it } from '@jest/globals';
import { assertUnchanged } from './source.service.js';
import { contentEtag, isAvailable, sourceEtag, type Source } from './source.js';

const SHA = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const SOURCE = {
  tenantId: 'acme',
  sourceId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  subTenantId: 'default',
  externalId: null,
  name: 'a.txt',
  status: 'available',
  contentType: 'text/plain',
  sizeBytes: 0,
  checksumSha256: SHA,
  version: 1,
  revision: 1,
  objectKey: 'k3v9x0q2m7ab/018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5c',
  metadata: {},
  createdAt: new Date('2030-01-31T12:00:00.123Z'),
  updatedAt: new Date('2030-01-31T12:00:00.123Z'),
  contentUpdatedAt: new Date('2030-01-31T12:00:00.123Z'),
} as Source;
const PENDING: Source = {
  ...SOURCE,
  status: 'pending',
  checksumSha256: null,
  sizeBytes: null,
  objectKey: null,
};

const [CONTENT, DESCRIPTION] = [contentEtag(SOURCE) ?? '', sourceEtag(SOURCE)];

function holds(headers: Record<string, string>, current: Source | null = SOURCE): boolean {
  try {
    assertUnchanged(headers, current);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ kind: { code: 'precondition_failed', status: 412 } });
    return false;
  }
}

describe('isAvailable', () => {
  it('holds for a source whose bytes are all there, an empty one too', () => {
    expect(isAvailable(SOURCE)).toBe(true);
  });

  it('UP-11: holds for no other state', () => {
    expect(isAvailable(PENDING)).toBe(false);
    for (const lack of [
      { status: 'failed' as const },
      { sizeBytes: null },
      { checksumSha256: null },
      { objectKey: null },
    ])
      expect(isAvailable({ ...SOURCE, ...lack })).toBe(false);
  });
});

describe('contentEtag', () => {
  it('DL-09: changes when, and only when, the bytes do', () => {
    const renamed = {
      ...SOURCE,
      name: 'b',
      metadata: { a: 1 },
      revision: 9,
      version: 9,
      updatedAt: new Date(),
    };
    expect(contentEtag(renamed)).toBe(CONTENT);
    expect(contentEtag({ ...SOURCE, checksumSha256: SHA.replace('e3', 'e4') })).not.toBe(CONTENT);
    expect(contentEtag(PENDING)).toBeNull();
  });

  it('is a strong tag', () => {
    expect(CONTENT).toBe(`"${SHA}"`);
  });
});

describe('sourceEtag', () => {
  it('changes with every change, and with a source made anew under an old id', () => {
    const tags = [
      SOURCE,
      { ...SOURCE, revision: 2 },
      { ...SOURCE, version: 2 },
      { ...SOURCE, version: 11, revision: 1 },
      { ...SOURCE, version: 1, revision: 11 },
      { ...SOURCE, createdAt: new Date('2030-01-31T12:00:00.124Z') },
    ].map(sourceEtag);
    expect(new Set(tags).size).toBe(tags.length);
    for (const tag of tags) expect(tag).toMatch(/^"[\w-]+"$/);
    expect(tags).not.toContain(CONTENT);
  });
});

describe('assertUnchanged', () => {
  it('lets a write without conditions pass', () => {
    expect(holds({})).toBe(true);
    expect(holds({}, null)).toBe(true);
    expect(holds({}, PENDING)).toBe(true);
  });

  it.each([
    [CONTENT, true],
    [DESCRIPTION, true],
    ['*', true],
    [`"other", ${CONTENT}`, true],
    [`${DESCRIPTION} , "other"`, true],
    ['"other"', false],
    ['', false],
    [`W/${CONTENT}`, false],
    [CONTENT.slice(1, -1), false],
    [CONTENT.toUpperCase(), false],
  ])('UP-13: says of If-Match: %s: %p', (value, expected) => {
    expect(holds({ 'if-match': value })).toBe(expected);
  });

  it.each([
    [CONTENT, false],
    [DESCRIPTION, false],
    ['*', false],
    [`W/${CONTENT}`, false],
    [`"other", ${DESCRIPTION}`, false],
    ['"other"', true],
  ])('UP-13: says of If-None-Match: %s: %p', (value, expected) => {
    expect(holds({ 'if-none-match': value })).toBe(expected);
  });

  it('UP-13: makes a source with If-None-Match: * only where none is, and none with If-Match', () => {
    expect(holds({ 'if-none-match': '*' }, null)).toBe(true);
    expect(holds({ 'if-none-match': '*' }, PENDING)).toBe(false);
    expect(holds({ 'if-match': '*' }, null)).toBe(false);
    expect(holds({ 'if-match': CONTENT }, null)).toBe(false);
    expect(holds({ 'if-match': '*' }, PENDING)).toBe(true);
  });

  it.each([
    [CONTENT, DESCRIPTION],
    [DESCRIPTION, CONTENT],
    ['*', CONTENT],
    ['*', DESCRIPTION],
    [CONTENT, CONTENT],
    [CONTENT, '*'],
  ])('holds a write to both conditions: If-Match: %s, If-None-Match: %s', (ifMatch, ifNoneMatch) => {
    expect(holds({ 'if-match': ifMatch, 'if-none-match': ifNoneMatch })).toBe(false);
    expect(holds({ 'if-match': ifMatch, 'if-none-match': '"other"' })).toBe(true);
  });

  it('honours If-Unmodified-Since, to the second, where there is no If-Match', () => {
    const since = (time: string) => ({ 'if-unmodified-since': new Date(time).toUTCString() });
    expect(holds(since('2030-01-31T12:00:00Z'))).toBe(true);
    expect(holds(since('2030-01-31T11:59:59Z'))).toBe(false);
    expect(holds({ ...since('2030-01-31T11:59:59Z'), 'if-match': CONTENT })).toBe(true);
    expect(holds({ ...since('2030-01-31T11:59:59Z'), 'if-none-match': '"other"' })).toBe(false);
  });
});
