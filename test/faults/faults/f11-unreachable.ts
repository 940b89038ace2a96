import type { Fault } from './fault.js';
import { cephOf, treatS3 } from './s3-treatment.js';

/** The storage takes requests and says nothing, and then takes none. */
export const unreachable: Fault = {
  id: 'F11',
  name: 'S3 black hole, then connections refused',
  storages: ['ceph'],
  async strike(strike) {
    await treatS3(
      strike,
      () => ({ kind: 'silence' }),
      () => strike.wait(1_500, 3_500),
    );
    const { proxy } = cephOf(strike);
    strike.hit();
    await proxy.refuse();
    try {
      await strike.wait(800, 1_500);
    } finally {
      await proxy.accept();
    }
  },
};
