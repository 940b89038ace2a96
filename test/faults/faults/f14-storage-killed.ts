import type { Fault } from './fault.js';
import { cephOf } from './s3-treatment.js';

/** The S3 server is gone in the midst of what it was doing, and comes back. */
export const storageKilled: Fault = {
  id: 'F14',
  name: 'kill -9 and restart of the S3 server',
  storages: ['ceph'],
  async strike(strike) {
    const place = cephOf(strike);
    await strike.wait(300, 800);
    strike.hit();
    await place.kill();
    try {
      await strike.wait(200, 1_000);
    } finally {
      await place.restart();
    }
  },
};
