import type { Operation } from '../workload/operation.js';

/** Deletes a source. */
export const remove: Operation = {
  name: 'remove',
  weight: 4,
  async run(turn) {
    const { id, subject } = turn.run.shelf.any(turn.owner, turn.choices);
    const { result } = await turn.change({
      kind: 'remove',
      subject,
      effect: null,
      guarded: false,
      repeatable: true,
      call: turn.call('DELETE', `/v1/sources/${id}`),
    });
    if (result === 'ok') turn.run.shelf.removePosted(turn.owner, subject);
  },
};
