import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';

import { untilAborted } from './until-aborted.js';

async function collect(source: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of source) values.push(String(value));
  return values;
}

describe('reading until a signal aborts', () => {
  it.each([undefined, new AbortController().signal])(
    'yields all there is while it does not (%#)',
    async (signal) => {
      const source = new PassThrough();
      source.write('one');
      source.end('two');
      expect((await collect(untilAborted(source, signal))).join('')).toBe('onetwo');
    },
  );

  it("throws the signal's reason at once, while the source is silent", async () => {
    const controller = new AbortController();
    const reading = collect(untilAborted(new PassThrough(), controller.signal));
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  it('throws the reason of a signal that has aborted already', async () => {
    const source = new PassThrough();
    source.end('unread');
    await expect(collect(untilAborted(source, AbortSignal.abort(new Error('enough'))))).rejects.toThrow(
      'enough',
    );
  });

  it('throws what the source throws', async () => {
    const source = new PassThrough();
    const reading = collect(untilAborted(source, new AbortController().signal));
    source.destroy(new Error('broken'));
    await expect(reading).rejects.toThrow('broken');
  });
});
