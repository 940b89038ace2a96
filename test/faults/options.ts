import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

import { FAULTS } from './faults/faults.js';
import { STORAGES, type StorageName } from './world/place.js';

/** What a run of the harness was asked for. */
export interface Options {
  /** For how long each seed goes on with each storage; null: until every fault was there once. */
  readonly minutes: number | null;
  readonly seeds: readonly string[];
  readonly storages: readonly StorageName[];
  /** Ids of faults; null: all of them. */
  readonly only: ReadonlySet<string> | null;
  /** Break promises on purpose and see whether that is found, and nothing else. */
  readonly selfTest: boolean;
  /** The page to write the report into. */
  readonly report: string | null;
}

/** The command line cannot be used; the message says why. */
export class OptionsError extends Error {}

/** The seed of continuous integration. */
export const FIXED_SEED = '1';

/** Reads the command line. */
export function parseOptions(args: readonly string[]): Options {
  const values = valuesOf(args);
  const { minutes, seed, storage, only, report } = values;
  if (minutes !== undefined && !(Number(minutes) > 0))
    throw new OptionsError('--minutes takes a number above 0.');
  const storages = (storage ?? STORAGES.join(',')).split(',');
  const unknown = storages.filter((name) => !STORAGES.some((known) => known === name));
  if (unknown.length > 0)
    throw new OptionsError(`There is no storage ${unknown.join(', ')}; there is ${STORAGES.join(' and ')}.`);
  const ids = only?.split(',') ?? null;
  const strangers = (ids ?? []).filter((id) => !FAULTS.some((fault) => fault.id === id));
  if (strangers.length > 0) throw new OptionsError(`There is no fault ${strangers.join(', ')}.`);
  return {
    minutes: minutes === undefined ? null : Number(minutes),
    seeds: (seed ?? FIXED_SEED)
      .split(',')
      .map((text) => (text === 'random' ? String(randomInt(2 ** 32)) : text)),
    storages: storages as StorageName[],
    only: ids === null ? null : new Set(ids),
    selfTest: values['self-test'] === true,
    report: report ?? null,
  };
}

function valuesOf(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    minutes: text,
    seed: text,
    storage: text,
    only: text,
    report: text,
    'self-test': { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new OptionsError(error instanceof Error ? error.message : String(error));
  }
}
