import { look } from '../workload/look.js';
import type { Operation } from '../workload/operation.js';

/** Parts that are in some contents and reach over the end of others. */
const RANGES = ['0-0', '-1', '-100', '17-4000', '100-', '5242870-5242890', '1048570-1048590'] as const;

/** Reads a part of a source. */
export const range: Operation = {
  name: 'range',
  weight: 5,
  async run(turn) {
    const { id, subject } = turn.run.shelf.any(turn.owner, turn.choices);
    const headers = { range: `bytes=${turn.choices.pick(RANGES)}` };
    await look(turn, {
      subject,
      via: 'range',
      call: turn.call('GET', `/v1/sources/${id}/content`, { headers }),
    });
  },
};
