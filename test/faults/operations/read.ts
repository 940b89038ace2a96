import { look } from '../workload/look.js';
import type { Operation } from '../workload/operation.js';

/** Reads the whole of a source. */
export const read: Operation = {
  name: 'read',
  weight: 9,
  async run(turn) {
    const { id, subject } = turn.run.shelf.any(turn.owner, turn.choices);
    await look(turn, { subject, via: 'content', call: turn.call('GET', `/v1/sources/${id}/content`) });
  },
};
