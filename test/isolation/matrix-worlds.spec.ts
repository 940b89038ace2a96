import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { changes, showing } from '../support/matrix-answers.js';
import { call, freshTarget } from '../support/matrix-calls.js';
import { describeAnswer, readMatrix, type MatrixRow } from '../support/matrix-table.js';
import type { Target } from '../support/matrix-targets.js';
import type { MatrixCaller, MatrixWorld } from '../support/matrix-world.js';
import { WORLDS, type RunningWorld } from '../support/matrix-worlds.js';

// One test asks for everything.
jest.setTimeout(240_000);

const matrix = readMatrix();

/**
 * The smoke part of the isolation suites: every cell of the page of expectations, by its status, its error and what it
 * shows. What changes with a call is looked at by `matrix.spec.ts`, in the world of API tokens on one gateway.
 */
describe.each(WORLDS)('{%s}', (_name, start) => {
  let running: RunningWorld;
  let world: MatrixWorld;

  beforeAll(async () => {
    running = await start();
    world = running.world;
  });
  afterAll(() => running.dispose());

  /** Asks for every cell that is wanted, and answers how many those were and what was not as written. */
  async function ask(
    wanted: (row: MatrixRow, name: string, cell: string) => boolean,
    targetFor: (row: MatrixRow, caller: MatrixCaller) => Promise<Target>,
  ): Promise<{ asked: number; unlike: Record<string, string> }> {
    const unlike: Record<string, string> = {};
    let asked = 0;
    for (const row of matrix.rows) {
      for (const [name, cell] of row.cells) {
        const caller = world.callers[name];
        if (caller === undefined || !wanted(row, name, cell)) continue;
        const answer = await call(world, row, caller, await targetFor(row, caller));
        asked += 1;
        const answered = describeAnswer(matrix, row, cell, answer);
        const told = [...(answered === cell ? [] : [answered]), ...showing(row, name, answer)].join(', ');
        if (told !== '') unlike[`${row.name} as ${name}`] = told;
      }
    }
    return { asked, unlike };
  }

  it('AZ-01, AN-04, AN-07: whoever may not, or only looks, is answered as everywhere', async () => {
    const { asked, unlike } = await ask(
      (row, _caller, cell) => !changes(row, cell),
      (_row, { target }) => Promise.resolve(target),
    );
    expect(unlike).toEqual({});
    expect(asked).toBeGreaterThan(1_000);
  });

  it('AZ-01: whoever may change something does, as the one who may do least', async () => {
    const { asked, unlike } = await ask(
      (row, name, cell) => changes(row, cell) && name === leastOf(row),
      (row) => freshTarget(world, row),
    );
    expect(unlike).toEqual(running.otherwise);
    expect(asked).toBeGreaterThan(30);
  });
});

/** Who may do least of those whom a row grants a change. */
function leastOf(row: MatrixRow): string | undefined {
  const granted = (name: string): boolean => changes(row, row.cells.get(name) ?? '');
  return ['uploader', 'viewer', 'editor', 'admin', 'platform', 'platform at large'].find(granted);
}
