import { jest } from '@jest/globals';

import { azureSettings, openAzure } from '../../support/azure-storage.js';
import { describeWithAzurite, sharedAzurite } from '../../support/azurite.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../../support/ceph.js';
import { newBucket, openCephStorage } from '../../support/ceph-storage.js';
import { describeWith } from '../../support/programs.js';
import { describeReconciler } from '../../support/reconcile-contract.js';

jest.setTimeout(CEPH_START_MS);

describeReconciler('the filesystem', async () => ({}));

describeWith(CEPH_PROGRAMS, 'on a real S3 server', () => {
  describeReconciler('Ceph', async () => {
    const [ceph, bucket] = [await sharedCeph(), newBucket()];
    const { endpoint, user } = ceph;
    await (await openCephStorage(ceph, { bucket })).release();
    return {
      GATEHOLD_STORAGE_ADAPTER: 's3',
      GATEHOLD_STORAGE_PROFILE: 'ceph',
      GATEHOLD_STORAGE_ENDPOINT: endpoint,
      GATEHOLD_STORAGE_BUCKET: bucket,
      GATEHOLD_STORAGE_PREFIX: 'below/this',
      GATEHOLD_STORAGE_ACCESS_KEY_ID: user.accessKeyId,
      GATEHOLD_STORAGE_SECRET_ACCESS_KEY: user.secretAccessKey,
    };
  });
});

describeWithAzurite('on the emulator of Azure', () => {
  describeReconciler('Azurite', async () => {
    const { account } = await sharedAzurite();
    const settings = azureSettings(account);
    await (await openAzure(settings)).release();
    return {
      GATEHOLD_STORAGE_ADAPTER: 'azure',
      GATEHOLD_STORAGE_ENDPOINT: account.endpoint,
      GATEHOLD_STORAGE_BUCKET: String(settings['bucket']),
      GATEHOLD_STORAGE_ACCOUNT_NAME: account.accountName,
      GATEHOLD_STORAGE_ACCOUNT_KEY: account.accountKey,
    };
  });
});
