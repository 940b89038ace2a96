import { setTimeout as pause } from 'node:timers/promises';

import { STALE_MS } from '../staleness.js';
import { look } from '../workload/look.js';
import type { Operation } from '../workload/operation.js';
import type { Turn } from '../workload/turn.js';

const LOOKS = 4;
const RETRY_MS = 200;
const MOST_RETRIES = 300;

/** Suspends a sub-tenant, looks whether anything of it is still served, and resumes it. */
export const suspend: Operation = {
  name: 'suspend',
  weight: 0.15,
  async run(turn) {
    const { run, owner } = turn;
    if (!run.shelf.takeForSuspension(owner)) return;
    try {
      if (await tell(turn, 'suspend')) {
        const suspension = { owner, from: run.ledger.now, until: Infinity };
        run.shelf.suspensions.push(suspension);
        await pause(STALE_MS);
        for (let count = 0; count < LOOKS; count += 1) {
          const { id, subject } = run.shelf.any(owner, turn.choices);
          await look(turn, { subject, via: 'content', call: turn.call('GET', `/v1/sources/${id}/content`) });
        }
        suspension.until = run.ledger.now;
      }
      for (let count = 0; !(await tell(turn, 'resume')); count += 1) {
        if (count === MOST_RETRIES) throw new Error(`${owner.tenantId} could not be resumed.`);
        await pause(RETRY_MS);
      }
    } finally {
      run.shelf.giveBack(owner);
    }
  },
};

async function tell(turn: Turn, what: 'suspend' | 'resume'): Promise<boolean> {
  const { tenantId, subTenantId } = turn.owner;
  const path = `/v1/tenants/${tenantId}/sub-tenants/${subTenantId}/${what}`;
  const [last] = (await turn.ask(what, turn.call('POST', path, { token: turn.admin }))).slice(-1);
  turn.run.report.countOperation(what, last?.answer?.status === 200 ? 'ok' : 'unknown');
  return last?.answer?.status === 200;
}
