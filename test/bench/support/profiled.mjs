/**
 * Loaded into a gateway before anything else (`node --import`): SIGUSR2 begins a CPU profile, and the next one ends it and
 * writes it to the file that BENCH_PROFILE names. So the profile has a load in it and nothing of the start.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const SAMPLE_US = 200;
const session = new Session();
session.connect();
let isRunning = false;

process.on('SIGUSR2', async () => {
  if (isRunning) {
    const { profile } = await session.post('Profiler.stop');
    // Whoever waits for the file is to find the whole of it.
    writeFileSync(`${process.env.BENCH_PROFILE}.part`, JSON.stringify(profile));
    renameSync(`${process.env.BENCH_PROFILE}.part`, process.env.BENCH_PROFILE);
  } else {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
    await session.post('Profiler.start');
  }
  isRunning = !isRunning;
});
