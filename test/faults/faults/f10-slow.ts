import type { Fault } from './fault.js';
import { treatS3 } from './s3-treatment.js';

/** The storage answers late, some of the time too late, and drips. */
export const slow: Fault = {
  id: 'F10',
  name: 'S3 slow: late first byte, 1 kB/s',
  storages: ['ceph'],
  async strike(strike) {
    const choices = strike.choices.fork('calls');
    const treat = () => {
      const firstByteMs = choices.between(0, 8_000);
      return choices.chance(0.5) ? ({ kind: 'slow', firstByteMs, bytesPerSecond: 1_000 } as const) : null;
    };
    await treatS3(strike, treat, () => strike.wait(3_000, 4_000));
  },
};
