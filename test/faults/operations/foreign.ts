import type { Operation } from '../workload/operation.js';

/** Asks for a source of somebody else's by its id. */
export const foreign: Operation = {
  name: 'foreign',
  weight: 1,
  async run(turn) {
    const { run, owner, choices } = turn;
    const other = choices.pick(run.world.owners.filter((one) => one !== owner));
    const { id } = run.shelf.any(other, choices);
    // The caller's own ids are the same for everybody.
    if (id.startsWith('slot-')) return;
    const [last] = (await turn.ask('foreign', turn.call('GET', `/v1/sources/${id}/content`))).slice(-1);
    const status = last?.answer?.status ?? null;
    run.report.countOperation('foreign', status === null ? 'unknown' : 'refused');
    if (status !== null && status < 400)
      await run.report.violate('I6', `${owner.code} got source ${id} of ${other.code}`);
  },
};
