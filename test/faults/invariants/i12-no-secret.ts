import { checkEach, type Invariant } from './invariant.js';

/** No token, key, password or link that works stands in anything that a gateway wrote. */
export const noSecret: Invariant = {
  id: 'I12',
  title: 'no secret in any output',
  check({ seen }) {
    const { violations } = checkEach(seen.leaks, (name) => `the log has the ${name}`);
    return { checks: seen.logLines, violations };
  },
};
