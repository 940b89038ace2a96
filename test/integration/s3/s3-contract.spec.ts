import { describeObjectStorage, guarded, MIB } from '#storage/testing';

import { CEPH_PROGRAMS, sharedCeph } from '../../support/ceph.js';
import { everythingIn, newBucket, openCephStorage } from '../../support/ceph-storage.js';
import { describeWith } from '../../support/programs.js';

/** As small as S3 allows parts to be, so that the larger copies of the contract are made of them. */
const copies = { wholeBytes: 5 * MIB, partBytes: 5 * MIB };
/** A prefix with everything that has to be escaped somewhere: in a path, a signature, a copy's source, a list. */
const ODD_PREFIX = "odd +&=%2F'(1)*/résumé 日本";

describeWith(CEPH_PROGRAMS, 'S3 on Ceph', () => {
  describeObjectStorage('a bucket of Ceph RGW, under an odd prefix and behind the guard,', async () => {
    const ceph = await sharedCeph();
    const bucket = newBucket();
    return {
      storage: guarded(await openCephStorage(ceph, { bucket, prefix: ODD_PREFIX, copies })),
      cleanup: async () => undefined,
      listEverything: () => everythingIn(ceph, bucket),
    };
  });
});
