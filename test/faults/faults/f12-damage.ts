import type { S3Call } from '../wire/s3-call.js';
import type { Treatment } from '../wire/s3-proxy.js';
import type { Fault } from './fault.js';
import { treatS3 } from './s3-treatment.js';

const CHANCE = 0.35;
const AT = 4_200;

/**
 * Bodies on their way to and from the storage are cut off, are short, or have a bit that is another. A part of an object
 * has nothing that it could be checked by, so in parts no bit is changed.
 */
export const damage: Fault = {
  id: 'F12',
  name: 'S3 bodies reset at byte k, short, or with a flipped byte',
  storages: ['ceph'],
  async strike(strike) {
    const { report } = strike.run;
    const choices = strike.choices.fork('calls');
    const treat = (call: S3Call): Treatment | null => {
      const [isHit, at, kind] = [choices.chance(CHANCE), choices.between(0, AT), choices.fraction()];
      if (!isHit) return null;
      if (call.operation === 'PutObject' || call.operation === 'UploadPart')
        return { kind: 'damage', side: 'request', damage: kind < 0.5 ? 'reset' : 'flip', at };
      if (call.operation !== 'GetObject') return null;
      const damages = call.ranged ? (['reset', 'short'] as const) : (['reset', 'short', 'flip'] as const);
      const chosen = damages[Math.floor(kind * damages.length)] ?? 'reset';
      return { kind: 'damage', side: 'answer', damage: chosen, at };
    };
    report.mayBeDamaged = true;
    try {
      await treatS3(strike, treat, () => strike.wait(2_500, 3_500));
      // What is under way may still be damaged.
      await strike.wait(300, 300);
    } finally {
      report.mayBeDamaged = false;
    }
  },
};
