import { expect, it } from '@jest/globals';
import { executionAsyncResource } from 'node:async_hooks';

import { firstTick } from './first-tick.js';

it('keeps an object like those of all other ticks', async () => {
  const another = await new Promise<object>((resolve) => {
    process.nextTick(() => resolve({ ...executionAsyncResource() }));
  });
  const fields = Reflect.ownKeys(firstTick ?? {});
  expect(fields).toContain('callback');
  expect(fields.filter((name) => typeof name === 'symbol')).toHaveLength(2);
  expect(Reflect.ownKeys(another)).toEqual(expect.arrayContaining(fields));
});
