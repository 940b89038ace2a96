import { checkEach, type Invariant } from './invariant.js';

/** What was taken back opens nothing, through no gateway. */
export const revoked: Invariant = {
  id: 'I10',
  title: 'revoked stays revoked',
  check({ seen }) {
    return checkEach(seen.revoked, ({ what, gateway, status }) =>
      status !== null && status < 400 ? `a revoked ${what} was answered with ${status} by ${gateway}` : null,
    );
  },
};
