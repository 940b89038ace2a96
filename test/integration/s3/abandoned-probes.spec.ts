import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { errorAnswer, FakeS3 } from '../../support/fake-s3.js';
import { keepObjects } from '../../support/fake-s3-objects.js';
import { BUCKET, openFakeBucket } from '../../support/fake-s3-storage.js';
import { listPage } from '../../support/scripted-lists.js';

const DEAD = 'gatehold-probe/0197c9a2-5b1e-4c3d-8f4a-2b6d9e0c1a58';

describe('F1: what a gateway leaves that is killed while it tries a bucket out', () => {
  let fake: FakeS3;

  beforeEach(async () => {
    fake = await FakeS3.open();
    keepObjects(fake);
  });
  afterEach(() => fake.close());

  const keyOf = (pathname: string): string => pathname.slice(`/${BUCKET}/`.length);
  const removed = (): string[] => fake.of('DeleteObject').map(({ url }) => keyOf(url.pathname));
  const ownProbe = (): string => keyOf(fake.of('PutObject')[0]?.url.pathname ?? '');

  it('is removed by the next one that opens it, and what another is at is not', async () => {
    const atWork = 'gatehold-probe/0197c9a2-5b1e-4c3d-8f4a-2b6d9e0c1a57';
    const now = new Date();
    fake.script('ListObjectsV2', (response, request) => {
      expect(request.url.searchParams.get('prefix')).toBe('gatehold-probe/');
      const probes = [
        { key: DEAD, modifiedAt: new Date(now.getTime() - 60_000) },
        { key: atWork, modifiedAt: new Date(now.getTime() - 5_000) },
        { key: ownProbe(), modifiedAt: now },
      ];
      listPage(probes)(response, request);
    });
    const storage = await openFakeBucket(fake, 'ceph');
    expect(removed().sort()).toEqual([DEAD, ownProbe()].sort());
    await storage.release();
  });

  it('does not keep a bucket from being used that may not be listed', async () => {
    fake.script('ListObjectsV2', errorAnswer(403, 'AccessDenied'));
    const storage = await openFakeBucket(fake, 'ceph');
    expect(removed()).toEqual([ownProbe()]);
    await storage.release();
  });
});
