import { jsonOf } from '../wire/call.js';
import { look } from '../workload/look.js';
import type { Operation } from '../workload/operation.js';

/** Makes a link, reads through it, and sometimes takes it back. */
export const link: Operation = {
  name: 'link',
  weight: 3,
  async run(turn) {
    const { run, owner, choices } = turn;
    const { id, subject } = run.shelf.any(owner, choices);
    const isTakenBack = choices.chance(0.5);
    const made = await turn.ask(
      'make link',
      turn.json('POST', `/v1/sources/${id}/links`, { expires_in: 3600 }),
    );
    const answer = made.at(-1)?.answer;
    const issued = answer?.status === 201 ? jsonOf(answer) : null;
    if (issued === null) return;
    const { pathname } = new URL(String(issued['url']));
    run.world.secrets.set(`link ${String(issued['link_id'])}`, pathname.slice(pathname.lastIndexOf('/') + 1));
    await look(turn, { subject, via: 'link', call: { method: 'GET', path: pathname } });
    if (!isTakenBack) return;
    const path = `/v1/links/${String(issued['link_id'])}`;
    const [last] = (await turn.ask('revoke link', turn.call('DELETE', path))).slice(-1);
    if (last?.answer?.status === 204)
      run.shelf.addRevoked({ what: 'link', owner, path: pathname, token: null, at: run.ledger.now });
  },
};
