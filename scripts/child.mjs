/**
 * Child processes of the scripts: a command is run to its end, and a SIGINT or SIGTERM meanwhile ends it before
 * this process ends, so that nothing goes on in the background.
 */
import { spawn } from 'node:child_process';

const SIGNALS = { SIGINT: 2, SIGTERM: 15 };

/** Runs a command and answers its exit code. Output goes to stderr, or is collected into `options.output`. */
export function run(command, args, options = {}) {
  const { output, stdout = process.stderr, ...rest } = options;
  const stdio = output === undefined ? ['ignore', stdout, process.stderr] : ['ignore', 'pipe', 'pipe'];
  const child = spawn(command, args, { ...rest, stdio });
  if (output !== undefined) {
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
  }
  return settled(child);
}

function settled(child) {
  return new Promise((resolve, reject) => {
    let interrupted = 0;
    const forward = (signal) => {
      interrupted = 128 + SIGNALS[signal];
      child.kill(signal);
    };
    const done = () => Object.keys(SIGNALS).forEach((signal) => process.off(signal, forward));
    Object.keys(SIGNALS).forEach((signal) => process.on(signal, forward));
    child.on('error', (error) => {
      done();
      reject(error);
    });
    child.on('close', (code, signal) => {
      done();
      if (interrupted > 0) reject(new Interrupted(interrupted));
      else resolve(code ?? 128 + (SIGNALS[signal] ?? 9));
    });
  });
}

/** The user or the system asked to stop. */
export class Interrupted extends Error {
  constructor(exitCode) {
    super('Interrupted.');
    this.exitCode = exitCode;
  }
}
