import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStorage, StorageMetrics } from '#storage';
import { answering, newKey, readAll, sampleBytes } from '#storage/testing';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

import { answer, type FakeAnswer, FakeS3, shortBody, stalledBody } from '../../support/fake-s3.js';
import { openFakeStorage, PATIENT } from '../../support/fake-s3-storage.js';

const SHORT_MS = 150;
const MIB = 1024 * 1024;
/** Large enough to be read past the HTTP client, and more than an answer's buffers hold. */
const BIG = sampleBytes(48 * MIB);

/** Sends BIG in pieces of many sizes, each in a write of its own. */
const inPieces: FakeAnswer = (response) => {
  response.writeHead(200, { 'content-length': String(BIG.length), etag: '"e"' });
  const send = async (): Promise<void> => {
    for (let at = 0, size = 1; at < BIG.length; at += size, size = (size * 7 + 1) % 300_000)
      if (!response.write(BIG.subarray(at, at + size))) await once(response, 'drain');
    response.end();
  };
  void send();
};

/** Sends more than it announces, the first byte together with the header. */
const tooMuch: FakeAnswer = ({ socket }) => {
  socket?.write(`HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: ${BIG.length}\r\n\r\n`);
  socket?.write(BIG);
  socket?.write(Buffer.alloc(MIB, 'HTTP/1.1 200 OK\r\n\r\n'));
};

describe('large downloads from a storage that fails', () => {
  let fake: FakeS3;
  let storage: ObjectStorage;
  let metrics: StorageMetrics;
  const key = newKey();

  beforeEach(async () => {
    fake = await FakeS3.open();
    await open();
  });
  afterEach(async () => {
    await fake.allClosed(() => storage.release());
    await fake.close();
  });

  async function open(timeouts = PATIENT): Promise<void> {
    ({ storage, metrics } = await openFakeStorage(fake, timeouts));
  }

  /** What was read until the answer broke; all of it when it did not. */
  async function received(): Promise<{ bytes: Buffer; isWhole: boolean }> {
    const chunks: Buffer[] = [];
    let isWhole = true;
    await answering(storage, {}, async (ask) => {
      const asked = await ask(key);
      asked.on('data', (chunk: Buffer) => chunks.push(chunk));
      await once(asked, 'end').catch(() => (isWhole = false));
    });
    return { bytes: Buffer.concat(chunks), isWhole };
  }

  const reads = () => metrics.snapshot().filter(({ operation }) => operation === 'read');

  it('ST-11 break off, after what has come, when the storage ends early', async () => {
    fake.script('GetObject', shortBody(BIG.length, BIG.subarray(0, BIG.length * 0.6)));
    const { bytes, isWhole } = await received();
    expect([isWhole, bytes.equals(BIG.subarray(0, bytes.length))]).toEqual([false, true]);
    expect(reads().map(({ failures }) => failures)).toEqual([{ storage_unavailable: 1 }]);
  });

  it('ST-10 break off when the storage stands still', async () => {
    await storage.release();
    await open({ firstByteMs: 60_000, idleMs: SHORT_MS });
    fake.script('GetObject', stalledBody(BIG.length, BIG.subarray(0, BIG.length * 0.6)));
    const { bytes, isWhole } = await received();
    expect([isWhole, bytes.equals(BIG.subarray(0, BIG.length * 0.6))]).toEqual([false, true]);
    expect(reads().map(({ failures }) => failures)).toEqual([{ storage_timeout: 1 }]);
  });

  it('ST-10 go on for a reader that takes its time, who is not the storage’s fault', async () => {
    await storage.release();
    await open({ firstByteMs: 60_000, idleMs: SHORT_MS });
    fake.script('GetObject', answer(200, BIG));
    await answering(storage, {}, async (ask) => {
      const asked = await ask(key);
      // Time has to pass for this to show anything.
      await wait(SHORT_MS * 4);
      expect((await readAll(asked)).equals(BIG)).toBe(true);
    });
    expect(reads()).toEqual([]);
  });

  it('take pieces as they come, and nothing beyond the length that was announced', async () => {
    for (const script of [inPieces, tooMuch]) {
      fake.script('GetObject', script);
      const { bytes, isWhole } = await received();
      expect([isWhole, bytes.equals(BIG)]).toEqual([true, true]);
    }
    expect(reads()).toEqual([]);
  });

  it('ST-09 leave the storage alone once the reader has gone', async () => {
    fake.script('GetObject', answer(200, BIG));
    await answering(storage, {}, async (ask) => {
      const asked = await ask(key);
      asked.once('data', () => asked.destroy());
      await once(asked, 'close');
      // No connection is left that is still in use; none is idle, for this one cannot be used again.
      await fake.allClosed(async () => undefined);
    });
    expect(reads()).toEqual([]);
  });
});
