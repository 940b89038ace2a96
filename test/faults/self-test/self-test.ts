import { setTimeout as pause } from 'node:timers/promises';

import { areUploadsForgotten } from '../drained.js';
import { Observer } from '../observer/observer.js';
import type { Run } from '../run.js';
import { Settlement } from '../settle.js';
import { Client, CLIENTS } from '../workload/client.js';
import { Scene } from './scene.js';
import type { Sabotage } from './sabotage.js';
import { SABOTAGES } from './sabotages.js';

/** What became of the harness's test of itself. */
export interface SelfTestResult {
  readonly passed: number;
  /** What it did not see, or saw where nothing was. */
  readonly failures: readonly string[];
}

const WORK_MS = 5_000;
const AT_ONCE = { recoveredMs: 0, drainedMs: 0 };

/**
 * Shows that the harness can fail: clients work for a while, and nothing is wrong; then one promise after the other is
 * broken on purpose, and the invariant that stands for it has to say so.
 */
export async function selfTest(run: Run, say: (line: string) => void): Promise<SelfTestResult> {
  const observer = new Observer(run);
  const settlement = new Settlement(run, observer);
  const scene = new Scene(run);
  const failures: string[] = [];
  try {
    await work(run);
    await settlement.settle(AT_ONCE, true);
    for (const { invariant, detail } of run.report.violations)
      failures.push(`${invariant} was violated before anything was done: ${detail}`);
    for (const sabotage of SABOTAGES) {
      const seen = await see(sabotage, scene, settlement);
      say(`${sabotage.invariant.padEnd(4)}${sabotage.name}: ${seen ?? 'NOT SEEN'}`);
      if (seen === null) failures.push(`${sabotage.invariant} did not see that ${sabotage.name}`);
    }
  } finally {
    scene.close();
    observer.close();
  }
  const unseen = failures.length;
  return { passed: Math.max(0, SABOTAGES.length + 1 - unseen), failures };
}

async function work(run: Run): Promise<void> {
  const clients = Array.from({ length: CLIENTS }, (_, number) => new Client(run, number));
  try {
    for (const client of clients) client.resume();
    await pause(WORK_MS);
    await Promise.all(clients.map((client) => client.pause()));
    if (!(await areUploadsForgotten(run))) throw new Error('The outbox did not become empty.');
  } finally {
    for (const client of clients) client.close();
  }
}

/** What the invariant says of it that it did not say before; null when it says nothing. */
async function see(sabotage: Sabotage, scene: Scene, settlement: Settlement): Promise<string | null> {
  const { violations } = scene.run.report;
  const before = violations.length;
  await sabotage.commit(scene);
  await settlement.settle(AT_ONCE, true);
  for (const gateway of scene.run.world.gateways)
    if (!gateway.isAlive) {
      await gateway.kill();
      await gateway.start();
    }
  return violations.slice(before).find(({ invariant }) => invariant === sabotage.invariant)?.detail ?? null;
}
