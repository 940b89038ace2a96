import { STALE_MS } from '../staleness.js';
import { checkEach, type Invariant } from './invariant.js';

/** Whatever a client got to its end was one version, and one that could be there at that moment. */
export const whole: Invariant = {
  id: 'I2',
  title: 'no torn and no impossible read',
  check({ history }) {
    return checkEach(history.reads, ({ read, ended }) => {
      const { found, subject, via, began, said } = read;
      const possible = history.possible(subject, began, ended, STALE_MS);
      const isPossible = possible.some((version) => {
        if (version === null || found === null) return version === found;
        return version.sha256 === found.sha256 && (found.name === null || found.name === version.name);
      });
      if (isPossible) return null;
      const described =
        found === null
          ? `nothing${said === undefined ? '' : ` (${said})`}`
          : (found.name ?? `the digest ${found.sha256}`);
      const wanted = possible.map((version) => (version === null ? 'nothing' : `write ${version.write}`));
      return `${subject} by ${via} at ${began.toFixed(0)} was ${described}; possible: ${wanted.join(', ')}`;
    });
  },
};
