import { STALE_MS } from '../staleness.js';
import type { Operation } from '../workload/operation.js';

/** Tries what was taken back. */
export const useRevoked: Operation = {
  name: 'use revoked',
  weight: 2,
  async run(turn) {
    const { run, choices } = turn;
    const place = choices.fraction();
    const since = run.shelf.revoked.filter(({ at }) => at + STALE_MS < run.ledger.now);
    const revoked = since[Math.floor(place * since.length)];
    if (revoked === undefined) return;
    const { path, token, what } = revoked;
    const headers = what === 'token' ? { 'x-sub-tenant-id': revoked.owner.subTenantId } : {};
    const [last] = (await turn.ask('use revoked', { method: 'GET', path, token, headers })).slice(-1);
    const status = last?.answer?.status ?? null;
    run.report.countOperation('use revoked', status === null ? 'unknown' : 'refused');
    if (status !== null && status < 400)
      await run.report.violate('I10', `a ${what} that was taken back was answered with ${status}`);
  },
};
