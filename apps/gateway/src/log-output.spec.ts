import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LogOutput } from './log-output.js';

describe('LogOutput', () => {
  let folder: string;
  let file: string;
  let output: LogOutput;
  let fsync: jest.SpiedFunction<typeof fs.fsyncSync>;

  beforeEach(() => {
    jest.useFakeTimers();
    folder = fs.mkdtempSync(join(tmpdir(), 'gatehold-log-'));
    file = join(folder, 'log');
    output = new LogOutput(fs.openSync(file, 'a'));
    fsync = jest.spyOn(fs, 'fsyncSync');
  });
  afterEach(() => {
    fsync.mockRestore();
    jest.useRealTimers();
    fs.rmSync(folder, { recursive: true });
  });

  const written = (): string => fs.readFileSync(file, 'utf8');

  it('writes the lines of a moment together, and does not wait for the disk', () => {
    output.write('one\n');
    output.write('two\n');
    expect(written()).toBe('');
    jest.advanceTimersByTime(10);
    expect(written()).toBe('one\ntwo\n');
    output.write(`${'x'.repeat(40_000)}\n`);
    expect(written()).toHaveLength(8 + 40_001);
    expect(fsync).not.toHaveBeenCalled();
  });

  it('writes all that waits when it is told to, and waits for the disk then', () => {
    output.write('the last line\n');
    output.flushSync();
    expect(written()).toBe('the last line\n');
    expect(fsync).toHaveBeenCalledTimes(1);
  });

  it('writes lines of any letters and any length in their order', () => {
    const lines = Array.from({ length: 2_000 }, (_none, index) => `${index} ä€𝄞 ${'ü'.repeat(index % 97)}\n`);
    lines.splice(1_000, 0, `${'𝄞'.repeat(60_000)}\n`, 'short\n', `${'y'.repeat(32_000)}\n`);
    for (const line of lines) output.write(line);
    output.flushSync();
    expect(written()).toBe(lines.join(''));
  });

  it('says that lines could not be written, and writes them before what comes later', () => {
    const write = jest.spyOn(fs, 'writeSync').mockImplementationOnce(() => {
      throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
    });
    output.write('before\n');
    expect(() => {
      output.flushSync();
    }).toThrow('no room');
    write.mockRestore();
    output.write('after\n');
    output.flushSync();
    expect(written()).toBe('before\nafter\n');
  });
});
