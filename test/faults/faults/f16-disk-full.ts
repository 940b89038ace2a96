import type { Run } from '../run.js';
import type { LimitedFolder } from '../world/limited-folder.js';
import type { Fault } from './fault.js';

/** The file system of the objects has no room: uploads are refused, and nothing else. */
export const diskFull: Fault = {
  id: 'F16',
  name: 'file system full',
  storages: ['filesystem'],
  obstacle: async (run) => (limitedOf(run) === null ? 'this user may not mount a file system' : null),
  async strike(strike) {
    const limited = limitedOf(strike.run);
    if (limited === null) return;
    for (let count = 2; count > 0; count -= 1) {
      await strike.wait(100, 300);
      const before = strike.run.report.refusedFor('insufficient_storage');
      await limited.fill(strike.choices.between(0, 256 * 1024));
      try {
        await strike.wait(900, 1_500);
      } finally {
        await limited.empty();
      }
      strike.hit(strike.run.report.refusedFor('insufficient_storage') - before);
    }
  },
};

function limitedOf({ world }: Run): LimitedFolder | null {
  return world.place.storage === 'filesystem' ? world.place.limited : null;
}
