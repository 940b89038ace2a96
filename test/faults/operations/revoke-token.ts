import { jsonOf } from '../wire/call.js';
import { look } from '../workload/look.js';
import type { Operation } from '../workload/operation.js';

/** Makes a token, reads with it, and revokes it. */
export const revokeToken: Operation = {
  name: 'revoke token',
  weight: 1,
  async run(turn) {
    const { run, owner, choices } = turn;
    const { id, subject } = run.shelf.any(owner, choices);
    const tokens = `/v1/tenants/${owner.tenantId}/tokens`;
    const wish = { name: 'for a moment', role: 'viewer' };
    const made = await turn.ask('make token', turn.json('POST', tokens, wish, { token: turn.admin }));
    const answer = made.at(-1)?.answer;
    const issued = answer?.status === 201 ? jsonOf(answer) : null;
    if (issued === null) return;
    const token = String(issued['token']);
    run.world.secrets.set(`token ${String(issued['token_id'])}`, token);
    const path = `/v1/sources/${id}/content`;
    await look(turn, { subject, via: 'content', call: turn.call('GET', path, { token }) });
    const revocation = turn.call('DELETE', `${tokens}/${String(issued['token_id'])}`, { token: turn.admin });
    const [last] = (await turn.ask('revoke token', revocation)).slice(-1);
    if (last?.answer?.status === 204)
      run.shelf.addRevoked({ what: 'token', owner, path, token, at: run.ledger.now });
  },
};
