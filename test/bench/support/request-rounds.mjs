/** A gateway under a load, and in turn what it is compared with. */
import { CLIENT_CORE, pinSelf } from './cores.mjs';
import { cpuUs, forgetPeak, goOn, peakMib, stop } from './process-cost.mjs';
import { Load } from './request-load.mjs';
import { median } from './rounds.mjs';

/** How long one is loaded before it is the other's turn. */
const TURN_SECONDS = 0.5;

/**
 * Has two contestants run for as many rounds as the bench has, and before that to warm up. In a round they take turns that
 * are short, since whatever else a machine does makes it slower for seconds at a time: that is to be of both alike. Where an
 * answer takes long, turns have to be: `turnSeconds`. To warm up takes `warmUps` times as long as usual. A contestant is a load
 * and what is done as its turn begins and ends; it is closed here. Answers what a row of requests does, as it was in the round
 * whose ratio is the median, and what the process `pid` took for `ours`.
 */
export async function inTurn(bench, { pid, ours, theirs, turnSeconds = TURN_SECONDS, warmUps = 1 }) {
  const { warmUpSeconds, seconds, rounds } = bench.pace;
  const unpin = pinSelf(CLIENT_CORE);
  const round = (lasting) =>
    oneRound([ours, theirs], pid, {
      count: Math.ceil(lasting / turnSeconds),
      turnSeconds: Math.min(turnSeconds, lasting),
    });
  try {
    await round(warmUpSeconds * warmUps);
    await forgetPeak(pid);
    const measured = [];
    for (let number = 1; number <= rounds; number += 1) {
      const found = await round(seconds);
      measured.push(found);
      bench.say(`round ${number}: ${Math.round(found.value)} /s, floor ${Math.round(found.floor)} /s`);
    }
    const ratios = measured.map(({ value, floor }) => value / floor);
    return { ...measured[ratios.indexOf(median(ratios))], rssMib: await peakMib(pid) };
  } finally {
    for (const { begin, load } of [ours, theirs]) {
      begin();
      await load.close();
    }
    unpin();
  }
}

/**
 * A contestant whose server (`pid`) is stopped while it is not its turn, so that what a gateway puts off, as it does with its
 * log and the audit log, comes out of its own time.
 */
export function stoppedBetween(job, pid) {
  const load = new Load(job, CLIENT_CORE);
  stop(pid);
  return { load, begin: () => goOn(pid), end: () => stop(pid) };
}

async function oneRound([ours, theirs], pid, { count, turnSeconds }) {
  let cpu = 0;
  for (let turn = 0; turn < count; turn += 1)
    for (const side of turn % 2 === 0 ? [ours, theirs] : [theirs, ours]) {
      const before = await cpuUs(pid);
      side.begin();
      await side.load.run(turnSeconds);
      side.end();
      if (side === ours) cpu += (await cpuUs(pid)) - before;
    }
  const { perSecond, answers, p50Ms, p99Ms } = await ours.load.measured();
  const floor = (await theirs.load.measured()).perSecond;
  // Where nobody counts it, nothing has come together.
  return { value: perSecond, floor, p50Ms, p99Ms, cpuUs: cpu === 0 ? null : cpu / answers };
}
