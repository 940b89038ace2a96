import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CodedError } from '#kernel';
import { type ObjectStorage, parseKeyPrefix } from '#storage';
import { codeOf, newKey } from '#storage/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { answerEndlessly } from '../../support/endless-answer.js';
import { answer, type FakeAnswer, FakeS3 } from '../../support/fake-s3.js';
import { openFakeStorage } from '../../support/fake-s3-storage.js';

const PREFIX = parseKeyPrefix('contract');
const MIB = 1024 * 1024;

/** Ten entities, each ten of the one before: 10^9 words once they are written out. */
const LAUGHS = Array.from(
  { length: 9 },
  (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
).join('');
const BOMB = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">${LAUGHS}]>`;

describe('IV-17 documents from a storage', () => {
  let fake: FakeS3;
  let storage: ObjectStorage;

  beforeEach(async () => {
    fake = await FakeS3.open();
    ({ storage } = await openFakeStorage(fake));
  });
  afterEach(async () => {
    await fake.allClosed(() => storage.release());
    await fake.close();
  });

  it('do not blow up', async () => {
    const before = process.memoryUsage().rss;
    fake.script(
      'ListObjectsV2',
      answer(200, `${BOMB}<ListBucketResult><Name>&l9;</Name></ListBucketResult>`),
    );
    const listed = await storage.list(PREFIX).catch((error: unknown) => error);
    // Either is fine: nothing listed, or a document that cannot be read.
    expect(listed instanceof CodedError || (listed as { objects: unknown[] }).objects.length === 0).toBe(
      true,
    );
    fake.script(
      'ListObjectsV2',
      answer(400, `${BOMB}<Error><Code>&l9;</Code><Message>&l9;</Message></Error>`),
    );
    expect(await codeOf(storage.list(PREFIX))).toBe('storage_unavailable');
    // A thousand million words would be 3 GiB.
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MIB);
  });

  it('make the gateway read no file and ask no server', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehold-xml-'));
    await writeFile(join(folder, 'secret'), 'canary-in-a-file');
    const entity = `<!DOCTYPE x [<!ENTITY f SYSTEM "file://${folder}/secret"><!ENTITY h SYSTEM "${fake.endpoint}/asked">]>`;
    const contents = '<Contents><Key>contract/a&f;&h;</Key><Size>1</Size></Contents>';
    fake.script('ListObjectsV2', answer(200, `${entity}<ListBucketResult>${contents}</ListBucketResult>`));
    const listed = await storage.list(PREFIX).catch((error: unknown) => error);
    expect(JSON.stringify(listed)).not.toContain('canary');
    expect(fake.requests.map(({ operation }) => operation)).toEqual(['HeadBucket', 'ListObjectsV2']);
    await rm(folder, { recursive: true });
  });

  it.each([
    ['an error', 500, '<Error><Code>X</Code><Message>'],
    ['a list', 200, '<ListBucketResult><Name>'],
  ])('are given up long before 100 MiB of %s', async (_kind, status, start) => {
    const ends: Promise<boolean>[] = [];
    const script: FakeAnswer = (response) => {
      ends.push(answerEndlessly(response, status, start));
    };
    fake.script('ListObjectsV2', script);
    const before = process.memoryUsage().arrayBuffers;
    expect(await codeOf(storage.list(PREFIX))).toBe('storage_unavailable');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * MIB);
    expect(new Set(await Promise.all(ends))).toEqual(new Set([false]));
  });

  it.each([
    ['nothing', ''],
    ['something else', '<html><body>Welcome to the proxy</body></html>'],
    ['no document', '{"error": true}'],
    ['a document that breaks off', '<ListBucketResult><Contents><Key>contract/a</Key>'],
    ['a page that names no next one', '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>'],
  ])('that are %s are no empty list', async (_what, document) => {
    fake.script('ListObjectsV2', answer(200, document, { 'content-type': 'application/xml' }));
    expect(await codeOf(storage.list(PREFIX))).toBe('storage_unavailable');
  });

  it.each([
    '',
    '<<<<',
    '<html/>',
    '<Error/>',
    '<Error><Code></Code></Error>',
    '\u0000\u0001',
    '<Error><Code>__proto__</Code></Error>',
  ])('that are no error, %j, are one all the same', async (document) => {
    fake.script('GetObject', answer(400, document));
    fake.script('ListObjectsV2', answer(500, document));
    expect(await codeOf(storage.get(newKey()))).toBe('storage_unavailable');
    expect(await codeOf(storage.list(PREFIX))).toBe('storage_unavailable');
  });
});
