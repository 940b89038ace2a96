/** A gateway under a load, and in turn what it is compared with. */
import { CLIENT_CORE } from './cores.mjs';
import { cpuUs, forgetPeak, peakMib } from './process-cost.mjs';
import { runLoad } from './request-load.mjs';
import { median } from './rounds.mjs';

/**
 * Has both loads run for a while, and then in turn for as many rounds as the bench has. Answers what a row of requests
 * does: medians, and what the gateway's process (`pid`) took for `ours`.
 */
export async function inTurn(bench, { pid, ours, theirs }) {
  const { warmUpSeconds, rounds } = bench.pace;
  for (const job of [ours, theirs]) await runLoad({ ...job, seconds: warmUpSeconds }, CLIENT_CORE);
  await forgetPeak(pid);
  const measured = [];
  for (let round = 1; round <= rounds; round += 1) {
    const before = await cpuUs(pid);
    const value = await runLoad(ours, CLIENT_CORE);
    const cpu = before === null ? null : ((await cpuUs(pid)) - before) / value.answers;
    const floor = await runLoad(theirs, CLIENT_CORE);
    measured.push({ ...value, cpu, floor: floor.perSecond });
    bench.say(`round ${round}: ${Math.round(value.perSecond)} /s, floor ${Math.round(floor.perSecond)} /s`);
  }
  const of = (pick) => (pick(measured[0]) === null ? null : median(measured.map(pick)));
  return {
    value: of(({ perSecond }) => perSecond),
    floor: of(({ floor }) => floor),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    cpuUs: of(({ cpu }) => cpu),
    rssMib: await peakMib(pid),
  };
}
