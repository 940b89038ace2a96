/** How the summary of a profile is shown. */
import { figure, markdownTable } from '../report/markdown.mjs';

const MOST_FUNCTIONS = 15;
/** Owners below this part of the time are put together. */
const LEAST_PART = 0.005;

/** Two tables: by owner and the functions that took most; microseconds per answer, and the part of the time that was not idle. */
export function profileText({ owners, functions, busyMs }, answers) {
  const cells = (ms) => [figure((ms * 1_000) / answers), `${((100 * ms) / busyMs).toFixed(1)} %`];
  const busy = owners.filter(({ owner }) => owner !== 'idle');
  const [large, small] = [busy.filter(isLarge), busy.filter((one) => !isLarge(one))];
  const rest = small.reduce((sum, { ms }) => sum + ms, 0);
  const byOwner = [...large, ...(rest > 0 ? [{ owner: 'all others', ms: rest }] : [])];
  const top = functions.slice(0, MOST_FUNCTIONS);
  return [
    `${figure((busyMs * 1_000) / answers)} µs per answer, over ${answers.toLocaleString('en')} answers.`,
    markdownTable(
      ['whose', 'µs', 'of it'],
      byOwner.map(({ owner, ms }) => [owner, ...cells(ms)]),
    ),
    markdownTable(
      ['function', 'where', 'µs', 'of it'],
      top.map(({ name, place, ms }) => [`\`${name}\``, place === '' ? '' : `\`${place}\``, ...cells(ms)]),
    ),
  ].join('\n\n');

  function isLarge({ ms }) {
    return ms >= LEAST_PART * busyMs;
  }
}
