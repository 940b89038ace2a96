import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

/** In a process of its own: what a test runner adds to objects of ticks makes them others. */
const PROBE = `
import { executionAsyncResource } from 'node:async_hooks';
import { firstTick } from '${pathToFileURL('dist/apps/gateway/src/first-tick.js').href}';
await new Promise(setImmediate);
gc();
const another = await new Promise((resolve) => process.nextTick(() => resolve(executionAsyncResource())));
console.log(typeof firstTick, firstTick !== another, %HaveSameMap(firstTick, another));
`;

it('keeps an object of a tick, which V8 knows those of all others by', async () => {
  const args = ['--allow-natives-syntax', '--expose-gc', '--input-type=module', '--eval', PROBE];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout.trim()).toBe('object true true');
});
