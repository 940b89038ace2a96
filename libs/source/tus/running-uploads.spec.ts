import { describe, expect, it, jest } from '@jest/globals';

import { RunningUploads, type RunningUpload } from './running-uploads.js';

/** A request whose life the test is in charge of. */
function request(change: Partial<RunningUpload> = {}): RunningUpload & { end: () => void; signs: number } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { signs: 0, isBusy: false, stop: jest.fn(), ended, end, ...change };
}

describe('who is at an upload in this process', () => {
  it('is nobody when nobody came, or who came has gone', async () => {
    const running = new RunningUploads();
    expect(await running.settle('a')).toBe(true);
    const first = request();
    running.add('a', first);
    first.end();
    expect(await running.settle('a')).toBe(true);
    expect(await running.stop('a')).toBe(true);
    expect(first.stop).not.toHaveBeenCalled();
  });

  it('is waited for while it ends', async () => {
    const running = new RunningUploads();
    const first = request();
    running.add('a', first);
    const settled = running.settle('a');
    first.end();
    expect(await settled).toBe(true);
    expect(first.stop).not.toHaveBeenCalled();
  });

  it('stays when bytes come meanwhile, or the storage is at work', async () => {
    const running = new RunningUploads();
    const [sending, busy] = [request(), request({ isBusy: true })];
    running.add('a', sending);
    running.add('b', busy);
    const settled = [running.settle('a'), running.settle('b')];
    sending.signs += 1;
    expect(await Promise.all(settled)).toEqual([false, false]);
    expect(sending.stop).not.toHaveBeenCalled();
    expect(busy.stop).not.toHaveBeenCalled();
  });

  it('is told to end when it is silent, and waited for until it has', async () => {
    const running = new RunningUploads();
    const silent = request();
    (silent.stop as jest.Mock).mockImplementation(() => silent.end());
    running.add('a', silent);
    expect(await running.settle('a')).toBe(true);
    expect(silent.stop).toHaveBeenCalledTimes(1);
  });

  it('is another one for another upload', async () => {
    const running = new RunningUploads();
    running.add('a', request());
    expect(await running.settle('b')).toBe(true);
  });
});
