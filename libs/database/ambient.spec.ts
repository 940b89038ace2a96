import { beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { Ambient } from './ambient.js';

const BUILT = pathToFileURL('dist/libs/database/ambient.js').href;
const PROBE = `
import { executionAsyncId } from 'node:async_hooks';
import { Ambient } from '${BUILT}';
const ids = async () => {
  await null;
  const first = executionAsyncId();
  await null;
  return new Set([first, executionAsyncId()]).size;
};
const before = await ids();
await new Ambient().within('value', ids);
const after = await new Promise((resolve) => setImmediate(() => resolve(ids())));
console.log(JSON.stringify({ before, after }));
`;

describe('Ambient', () => {
  let ambient: Ambient<string>;

  beforeEach(() => {
    ambient = new Ambient();
  });

  it('is known to all that a piece of work does until it settles, and to nobody else', async () => {
    const seen: (string | undefined)[] = [];
    const work = ambient.within('inside', async () => {
      await turn();
      seen.push(ambient.now());
    });
    seen.push(ambient.now());
    await work;
    expect(seen).toEqual([undefined, 'inside']);
    expect(ambient.now()).toBeUndefined();
  });

  it('keeps pieces of work apart that are under way at the same moment, whichever ends first', async () => {
    const told = (value: string, turns: number) =>
      ambient.within(value, async () => {
        for (let count = 0; count < turns; count += 1) await turn();
        return ambient.now();
      });
    await expect(Promise.all([told('long', 5), told('short', 1), told('longer', 8)])).resolves.toEqual([
      'long',
      'short',
      'longer',
    ]);
  });

  it('is the inner one inside of another, and the outer one again after it', async () => {
    const seen = await ambient.within('outer', async () => {
      const inner = await ambient.within('inner', () => Promise.resolve(ambient.now()));
      const nested = ambient.nested('nested', () => ambient.now());
      return [inner, nested, ambient.now()];
    });
    expect(seen).toEqual(['inner', 'nested', 'outer']);
  });

  it('ends with work that fails', async () => {
    await expect(ambient.within('inside', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(ambient.now()).toBeUndefined();
  });

  it('holds for work whose end is said, once however often that is', async () => {
    const end = ambient.begin();
    const other = ambient.begin();
    const seen = ambient.nested('inside', async () => {
      end();
      end();
      await turn();
      return ambient.now();
    });
    await expect(seen).resolves.toBe('inside');
    other();
  });

  it('leaves promises without hooks once no work is under way', async () => {
    // In a process of its own: whoever runs the tests may have such a storage, too.
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROBE]);
    // Where promises are followed, each one that is awaited has an id of its own; else all have that of the turn.
    expect(JSON.parse(stdout)).toEqual({ before: 1, after: 1 });
  });
});
