import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Line } from './entry.js';
import { Ledger } from './ledger.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehold-ledger-'));
  path = join(folder, 'ledger.jsonl');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const entry = (fault: string) => ({ type: 'fault', fault, phase: 'begin' }) as const;

describe('Ledger', () => {
  it('has a line in its file as soon as the append is over', async () => {
    const ledger = await Ledger.create(path, () => undefined);
    await ledger.append(entry('F1'));
    expect(await readFile(path, 'utf8')).toMatch(/^\{"at":[\d.]+,"type":"fault","fault":"F1",.*\}\n$/);
    await ledger.close();
  });

  it('keeps the order of appends that come together, and their times never go back', async () => {
    const seen: Line[] = [];
    const ledger = await Ledger.create(path, (line) => void seen.push(line));
    await Promise.all(Array.from({ length: 200 }, (_, number) => ledger.append(entry(`F${number}`))));
    await ledger.close();
    const lines = await Ledger.read(path);
    expect(lines).toEqual(seen);
    expect(lines.map((line) => ('fault' in line ? line.fault : ''))).toEqual(
      Array.from({ length: 200 }, (_, number) => `F${number}`),
    );
    const times = lines.map(({ at }) => at);
    expect(times).toEqual([...times].sort((one, other) => one - other));
  });

  it('is read without a last line that was cut short', async () => {
    const ledger = await Ledger.create(path, () => undefined);
    await ledger.append(entry('F1'));
    await ledger.close();
    await appendFile(path, '{"at":1,"type":"fa');
    expect(await Ledger.read(path)).toHaveLength(1);
  });

  it('refuses a file that is there', async () => {
    await appendFile(path, '');
    await expect(Ledger.create(path, () => undefined)).rejects.toThrow('EEXIST');
  });
});
