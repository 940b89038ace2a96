/**
 * Loaded into a gateway with `--import`: on SIGUSR2 it collects its garbage, so that what is still resident is in use,
 * and says `garbage collected 1`, 2 and so on.
 */
import { setImmediate } from 'node:timers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
let times = 0;

process.on('SIGUSR2', () => {
  // What the first round finalizes goes with the second.
  collect();
  setImmediate(() => {
    collect();
    times += 1;
    process.stdout.write(`{"level":"info","msg":"garbage collected ${times}"}\n`);
  });
});
