import { jest } from '@jest/globals';
import { describeObjectStorage, guarded } from '#storage/testing';

import { azureSettings, containerBeside, everythingIn, openAzure } from '../../support/azure-storage.js';
import { describeWithAzurite, sharedAzurite } from '../../support/azurite.js';

// Every rejected body costs a new connection, and the emulator is not fast.
jest.setTimeout(120_000);

/** A prefix with everything that has to be escaped somewhere: in a path, a signature, a copy's source, a list. */
const ODD_PREFIX = "odd +&=%2F'(1)*/résumé 日本";

describeWithAzurite('Azure Blob Storage on Azurite', () => {
  describeObjectStorage('a container of Azurite, under an odd prefix and behind the guard,', async () => {
    const { account } = await sharedAzurite();
    const settings = azureSettings(account, { prefix: ODD_PREFIX });
    const container = containerBeside(account, settings['bucket']);
    return {
      storage: guarded(await openAzure(settings)),
      cleanup: async () => {
        await container.delete();
      },
      listEverything: () => everythingIn(container),
    };
  });
});
