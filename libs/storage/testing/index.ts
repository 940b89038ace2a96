import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { describeBrokenPut } from './broken-put.contract.js';
import { describeCopy } from './copy.contract.js';
import { describeGet } from './get.contract.js';
import { describeList } from './list.contract.js';
import { describeMultipart } from './multipart.contract.js';
import type { MissingFacets, OpenedStorage } from './opened-storage.js';
import { describePiped } from './piped.contract.js';
import { describePresign } from './presign.contract.js';
import { describePut } from './put.contract.js';
import { describeUnread } from './unread.contract.js';

export * from './answering.js';
export { guarded } from './guarded.js';
export type { OpenedStorage } from './opened-storage.js';
export * from './samples.js';

/** Servers have to be started first, and some tests move gigabytes on whatever machine there is. Milliseconds. */
const PATIENCE_MS = 150_000;

/**
 * The contract of `ObjectStorage` as tests, the same for every adapter. `open` is called once per suite, on a place
 * that nothing else uses meanwhile; `without` names what the adapter does not have. Never imported by production code.
 */
export function describeObjectStorage(
  name: string,
  open: () => Promise<OpenedStorage>,
  without: MissingFacets = {},
): void {
  jest.setTimeout(PATIENCE_MS);
  describe(`ST-01 ${name} keeps the storage contract`, () => {
    let opened: OpenedStorage;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened.storage.release();
      await opened.cleanup();
    });
    describePut(() => opened);
    describeGet(() => opened);
    describeBrokenPut(() => opened);
    describeList(() => opened);
    describeCopy(() => opened);
    describeUnread(() => opened);
    describePiped(() => opened);
    if (without.multipart !== false) describeMultipart(() => opened);
    if (without.presign !== false) describePresign(() => opened);

    it('declares the facets that it has', () => {
      const { capabilities, multipart, presigner } = opened.storage;
      const [hasMultipart, hasPresign] = [without.multipart !== false, without.presign !== false];
      expect([multipart !== null, capabilities.multipart]).toEqual([hasMultipart, hasMultipart]);
      expect([presigner !== null, capabilities.presign]).toEqual([hasPresign, hasPresign]);
    });
  });
}
