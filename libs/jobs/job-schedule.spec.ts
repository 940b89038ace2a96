import { describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once, EventEmitter } from 'node:events';

import { JobOptions, JobSchedule } from './job-schedule.js';

/** Milliseconds; longer than any of these tests. */
const NEVER = 3_600_000;

/** A job that tells when it runs, and answers what it is told. */
function watched(answers: (() => boolean | Promise<boolean>)[], everyMs = NEVER) {
  const events = new EventEmitter();
  const watch = { runs: 0, most: 0, now: 0, signal: null as AbortSignal | null };
  const job = {
    name: 'watched',
    everyMs,
    run: async (signal: AbortSignal) => {
      watch.runs += 1;
      watch.now += 1;
      watch.most = Math.max(watch.most, watch.now);
      watch.signal = signal;
      try {
        const [next = () => false] = answers.splice(0, 1);
        return await next();
      } finally {
        watch.now -= 1;
        setImmediate(() => events.emit('ran'));
      }
    },
  };
  const ran = async (count: number): Promise<void> => {
    while (watch.runs < count) await once(events, 'ran');
  };
  return { job, watch, ran };
}

describe('JobSchedule', () => {
  it('runs a job from when the application is up, not before, and goes on while there is more to do', async () => {
    const schedule = new JobSchedule(new JobOptions(true));
    const { job, watch, ran } = watched([() => true, () => true, () => false]);
    schedule.add(job).wake();
    expect(watch.runs).toBe(0);
    schedule.onApplicationBootstrap();
    await ran(3);
    await schedule.beforeApplicationShutdown();
    expect(watch.runs).toBe(3);
  });

  it('runs a job that is added later at once, at every interval, and when it is woken', async () => {
    const schedule = new JobSchedule(new JobOptions(true));
    schedule.onApplicationBootstrap();
    const often = watched([], 1);
    schedule.add(often.job);
    await often.ran(3);
    const seldom = watched([]);
    const { wake } = schedule.add(seldom.job);
    await seldom.ran(1);
    wake();
    await seldom.ran(2);
    await schedule.beforeApplicationShutdown();
    expect(seldom.watch.runs).toBe(2);
  });

  it('never runs a job twice at a time, however often it is woken, and misses no wake', async () => {
    const schedule = new JobSchedule(new JobOptions(true));
    schedule.onApplicationBootstrap();
    const waiting: (() => void)[] = [];
    const held = () => new Promise<boolean>((resolve) => waiting.push(() => resolve(false)));
    const { job, watch, ran } = watched([held, held]);
    const { wake } = schedule.add(job);
    for (let time = 0; time < 5; time += 1) wake();
    waiting.shift()?.();
    await ran(2);
    waiting.shift()?.();
    await schedule.beforeApplicationShutdown();
    expect(watch).toMatchObject({ runs: 2, most: 1 });
  });

  it('tries a job again after it failed, and lets no job wait for another', async () => {
    const schedule = new JobSchedule(new JobOptions(true));
    schedule.onApplicationBootstrap();
    const stuck = watched([() => new Promise<boolean>(() => undefined)]);
    schedule.add({ ...stuck.job, run: async (signal) => untilAborted(signal) });
    const failing = () => {
      throw new Error('the database is away');
    };
    const { job, watch, ran } = watched([failing, failing, () => false], 1);
    schedule.add(job);
    await ran(4);
    await schedule.beforeApplicationShutdown();
    expect(watch).toMatchObject({ most: 1, now: 0 });
  });

  it('tells a run that it is to end, waits for it, and starts no other', async () => {
    const schedule = new JobSchedule(new JobOptions(true));
    schedule.onApplicationBootstrap();
    let ended = false;
    const { wake } = schedule.add({
      name: 'long',
      everyMs: 1,
      run: async (signal) => {
        await untilAborted(signal);
        ended = true;
        return true;
      },
    });
    await schedule.beforeApplicationShutdown();
    expect(ended).toBe(true);
    ended = false;
    wake();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
  });

  it('runs a job in a context of its own, whoever wakes it', async () => {
    const context = new AsyncLocalStorage<string>();
    const schedule = new JobSchedule(new JobOptions(true));
    const seen: (string | undefined)[] = [];
    const { job, ran } = watched([]);
    const { wake } = schedule.add({
      ...job,
      run: async (signal) => {
        seen.push(context.getStore());
        return await job.run(signal);
      },
    });
    schedule.onApplicationBootstrap();
    await ran(1);
    // The run has ended by then: one that is under way would take the wake along.
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    context.run('of a request', wake);
    await ran(2);
    await schedule.beforeApplicationShutdown();
    expect(seen).toEqual([undefined, undefined]);
  });

  it('runs nothing where jobs are switched off', async () => {
    const schedule = new JobSchedule(new JobOptions(false));
    const { job, watch } = watched([], 1);
    const { wake } = schedule.add(job);
    schedule.onApplicationBootstrap();
    const later = watched([], 1);
    schedule.add(later.job).wake();
    wake();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await schedule.beforeApplicationShutdown();
    expect([watch.runs, later.watch.runs]).toEqual([0, 0]);
  });
});

function untilAborted(signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(false), { once: true }));
}
