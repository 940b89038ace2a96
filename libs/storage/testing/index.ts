import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeBrokenPut } from './broken-put.contract.js';
import { describeGet } from './get.contract.js';
import type { OpenedStorage } from './opened-storage.js';
import { describePut } from './put.contract.js';

export type { OpenedStorage } from './opened-storage.js';
export * from './samples.js';

/**
 * The contract of `ObjectStorage` as tests, the same for every adapter. `open` is called once per suite, on a place
 * that nothing else uses meanwhile. Never imported by production code.
 */
export function describeObjectStorage(name: string, open: () => Promise<OpenedStorage>): void {
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
  });
}
