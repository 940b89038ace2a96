import { describeObjectStorage, guarded } from '#storage/testing';

import { CEPH_PROGRAMS, sharedCeph } from '../../support/ceph.js';
import { everythingIn, newBucket, openCephStorage } from '../../support/ceph-storage.js';
import { describeWith } from '../../support/programs.js';

/** A prefix with everything that has to be escaped somewhere: in a path, a signature, a copy's source, a list. */
const ODD_PREFIX = "odd +&=%2F'(1)*/résumé 日本";

describeWith(CEPH_PROGRAMS, 'S3 on Ceph', () => {
  describeObjectStorage('a bucket of Ceph RGW, under an odd prefix and behind the guard,', async () => {
    const ceph = await sharedCeph();
    const bucket = newBucket();
    return {
      storage: guarded(await openCephStorage(ceph, { bucket, prefix: ODD_PREFIX })),
      cleanup: async () => undefined,
      listEverything: () => everythingIn(ceph, bucket),
    };
  });
});
