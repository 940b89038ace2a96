import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EndpointGuard, StorageClock } from '#storage';
import { KIB, codeOf, sampleBytes } from '#storage/testing';

import { azureSettings, containerBeside, everythingIn } from '../../test/support/azure-storage.js';
import { type AzureAccount, describeWithAzurite, sharedAzurite } from '../../test/support/azurite.js';
import { makeAzureClient } from './azure.client.js';
import { AzurePlace } from './azure.place.js';
import { parseAzureSettings } from './azure.settings.js';
import { copyBlob } from './blob-copy.js';
import { findHead } from './blob-head.js';

const OPENING_MS = 90_000;
const SIZE = 300 * KIB + 7;

describeWithAzurite('a copy of a blob that is too large for one request', () => {
  let account: AzureAccount;
  let place: AzurePlace;
  const bytes = sampleBytes(SIZE);
  beforeAll(async () => {
    ({ account } = await sharedAzurite());
    const settings = parseAzureSettings({ id: 'copy', driver: 'azure', settings: azureSettings(account) });
    const clock = new StorageClock(() => undefined);
    const limits = { connectMs: 3_000, maxConnections: 10 };
    place = new AzurePlace(makeAzureClient(settings, EndpointGuard.unrestricted(), limits, clock), settings);
    await place.container.create();
    await place.blob('odd +&=/source').upload(bytes, SIZE);
  }, OPENING_MS);
  afterAll(async () => {
    await place.container.delete();
    place.release();
  });

  async function copy(to: string, from = 'odd +&=/source'): Promise<void> {
    const entityTag = (await findHead(place, 'odd +&=/source', undefined))?.entityTag ?? '';
    await copyBlob(place, { from, to, sizeBytes: SIZE, entityTag, blockBytes: 64 * KIB }, undefined);
  }

  it('is made of blocks in their order', async () => {
    await copy('whole');
    expect((await place.blob('whole').downloadToBuffer()).equals(bytes)).toBe(true);
    const { committedBlocks } = await place.blob('whole').getBlockList('committed');
    expect(committedBlocks?.map(({ size }) => size)).toEqual([...Array(4).fill(64 * KIB), SIZE - 256 * KIB]);
  });

  it('never replaces what is there', async () => {
    await place.blob('taken').upload('mine', 4);
    expect(await codeOf(copy('taken'))).toBe('object_exists');
    expect((await place.blob('taken').downloadToBuffer()).toString()).toBe('mine');
  });

  it('UP-04 leaves nothing when its source is gone', async () => {
    const container = containerBeside(account, place.container.containerName);
    const before = await everythingIn(container);
    await expect(copy('nothing', 'absent')).rejects.toThrow();
    expect(await everythingIn(container)).toEqual(before);
  });
});
