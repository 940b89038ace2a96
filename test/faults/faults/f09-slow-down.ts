import type { Fault } from './fault.js';
import { treatS3 } from './s3-treatment.js';

const SLOW_DOWN = { kind: 'answer', status: 503, code: 'SlowDown' } as const;

/** The storage turns away some requests, and then all of them. */
export const slowDown: Fault = {
  id: 'F9',
  name: 'S3 answers 503 SlowDown: 30 %, then 100 %',
  storages: ['ceph'],
  async strike(strike) {
    const choices = strike.choices.fork('calls');
    const some = () => (choices.chance(0.3) ? SLOW_DOWN : null);
    await treatS3(strike, some, () => strike.wait(1_500, 2_500));
    await treatS3(
      strike,
      () => SLOW_DOWN,
      () => strike.wait(1_000, 2_000),
    );
  },
};
