import type { S3Call } from '../wire/s3-call.js';
import type { Fault } from './fault.js';
import { treatS3 } from './s3-treatment.js';

const LOST = new Set<S3Call['operation']>([
  'PutObject',
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'DeleteObject',
]);

/** The storage does what it is asked, and the gateway never hears of it. */
export const lostAnswer: Fault = {
  id: 'F13',
  name: 'S3 stores, completes or deletes, and the answer is lost',
  storages: ['ceph'],
  async strike(strike) {
    const choices = strike.choices.fork('calls');
    const treat = ({ operation }: S3Call) => {
      const isLost = choices.chance(0.3);
      return isLost && LOST.has(operation) ? ({ kind: 'lose-answer' } as const) : null;
    };
    await treatS3(strike, treat, () => strike.wait(2_500, 3_500));
  },
};
