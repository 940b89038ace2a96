import { execFileSync } from 'node:child_process';

import { programPath } from './programs.js';

/** Environment of a process whose clock is so many minutes ahead; timers run as ever. Needs `faketime`. */
export function shiftedClock(minutes: number): Record<string, string> {
  const sign = minutes < 0 ? '-' : '+';
  const wish = ['-m', '--exclude-monotonic', '-f', `${sign}${Math.abs(minutes)}m`, 'env'];
  const said = execFileSync(programPath('faketime'), wish, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  // What it shares with others ends with it.
  const wanted = said.split('\n').filter((line) => /^(LD_PRELOAD|FAKETIME|FAKETIME_DONT_\w+)=/.test(line));
  return Object.fromEntries(wanted.map((line) => line.split(/=(.*)/s) as [string, string]));
}
