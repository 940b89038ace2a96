import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, type Answer, type Json } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { BODIES, call, freshTarget, isRead } from '../support/matrix-calls.js';
import { describeAnswer, isDocumented, readMatrix, type MatrixRow } from '../support/matrix-table.js';
import { bindInPlace, MARK } from '../support/matrix-targets.js';
import { makeWorld, type MatrixCaller, type MatrixWorld } from '../support/matrix-world.js';
import { changedRows, differences, StoredState } from '../support/stored-state.js';

/** A row is asked for as every caller, with a target made for each who changes something. */
const ROW_MS = 60_000;
const matrix = readMatrix();

/** Rows by name, as the tables of jest want them. */
const ROWS = matrix.rows.map((row): [string, MatrixRow] => [row.name, row]);

/** Who may see what lies at home; a sibling and a stranger see what is their own. */
const AT_HOME = ['admin', 'editor', 'viewer', 'platform', 'platform at large'];

/** Reads that name nothing of what lies in a place. */
const ABOUT_NO_PLACE =
  /^(?:GET \/health\/|GET \/metrics$|OPTIONS |POST \/v1\/links\/batch$|POST .*\/access-check$|GET \/v1\/me$|GET \/v1\/audit|GET \/v1\/tenants(?:\/\{tenant_id\}(?:\/(?:storage-binding|usage|signing-keys))?)?$)/;

jest.setTimeout(ROW_MS);

let gateway: GatewayProcess;
let world: MatrixWorld;
let stored: StoredState;
let operations: Map<string, Json>;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  const root = new Api(gateway.url, gateway.rootToken);
  world = await makeWorld(root, gateway.dataDir);
  stored = await StoredState.of(gateway);
  // What was deleted on the way is removed in the background; from here on nothing changes by itself.
  await eventually('nothing is left to remove', async () => {
    const { rows } = await stored.read();
    return !Object.keys(rows).some((name) => name.startsWith('outbox '));
  });
  const { paths } = (await root.get('/openapi.json')).json as { paths: Record<string, Json> };
  operations = new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, Json] => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    ),
  );
}, 90_000);

afterAll(async () => {
  await stored.close();
  await gateway.dispose();
});

function callerOf(name: string): MatrixCaller {
  const caller = world.callers[name];
  if (caller === undefined) throw new Error(`Nobody is called ${name}.`);
  return caller;
}

/** Whether a cell grants a change; all other answers leave everything as it was. */
function changes(row: MatrixRow, cell: string): boolean {
  return cell.startsWith('2') && !isRead(row);
}

/** What a caller was answered, in the words of the page, and what must not have come with it. */
interface Outcome {
  readonly answered: string;
  readonly troubles: readonly string[];
}

/** Asks as every caller whose cell is wanted, one after the other; all must be as written. */
async function expectAsWritten(
  row: MatrixRow,
  wanted: (cell: string) => boolean,
  ask: (name: string, cell: string) => Promise<Outcome>,
): Promise<void> {
  const [outcomes, written]: [Record<string, Outcome>, Record<string, Outcome>] = [{}, {}];
  for (const [name, cell] of row.cells) {
    if (!wanted(cell)) continue;
    outcomes[name] = await ask(name, cell);
    written[name] = { answered: cell, troubles: [] };
  }
  expect(outcomes).toEqual(written);
}

/** What is marked goes to nobody who may not see it, in whatever part of an answer; who may look does see it. */
function showing(row: MatrixRow, name: string, answer: Answer): string[] {
  const isGranted = answer.status < 400;
  const isMarked = `${JSON.stringify([...answer.headers])}${answer.text}`.includes(MARK);
  // Whoever may upload sees uploads, and what they have become.
  if (row.path.startsWith('/v1/uploads') && name === 'uploader' && isGranted) return [];
  if (row.path.startsWith('/l/') && isGranted) return isMarked ? [] : ['does not show what the link opens'];
  if (!isGranted || !AT_HOME.includes(name)) return isMarked ? ['shows what is not the caller’s'] : [];
  const mustShow = isRead(row) && !ABOUT_NO_PLACE.test(row.name);
  return mustShow && !isMarked ? ['does not show what was asked for'] : [];
}

/** Who comes from elsewhere changes what is its own, and everybody changes something; a URL leads where it leads. */
function misplaced({ path, name: row }: MatrixRow, name: string, changed: readonly string[]): string[] {
  // The links that are named are none of theirs: there is nothing for them to take back.
  if (row === 'DELETE /v1/links' && !AT_HOME.includes(name)) return [...changed];
  if (changed.length === 0) return ['changed nothing'];
  const { home, place } = world;
  if (path.startsWith('/u/')) return changed.filter((one) => !one.includes(home.id));
  if (name.startsWith('stranger')) return changed.filter((one) => one.includes(home.id));
  return name.startsWith('sibling') ? changed.filter((one) => one.endsWith(`${home.id}/${place}`)) : [];
}

describe('the page of expectations', () => {
  it('AN-07, AZ-01, OP-10: has a row for every operation of the running gateway and for no other', () => {
    const rows = new Set(matrix.rows.map(({ method, path }) => `${method} ${path}`));
    expect([...rows].sort()).toEqual([...operations.keys()].sort());
  });

  it('AZ-01: has a column for every caller and for no other', () => {
    expect([...matrix.callers].sort()).toEqual(Object.keys(world.callers).sort());
  });

  it('sends a body with every operation that takes one', () => {
    const taking = [...operations].filter(([, operation]) => operation.requestBody !== undefined);
    expect(Object.keys(BODIES).sort()).toEqual(taking.map(([name]) => name).sort());
  });

  it.each(ROWS)('OP-10: expects of %s nothing that its description leaves out', (_, row) => {
    const { responses } = operations.get(`${row.method} ${row.path}`) as { responses: Record<string, Json> };
    const undocumented = [...new Set(row.cells.values())].filter(
      (cell) => !isDocumented(matrix, row, cell, responses[cell.slice(0, 3)]),
    );
    expect(undocumented).toEqual([]);
  });
});

describe('AZ-01, AN-04: who may not, or only looks, changes nothing', () => {
  it.each(ROWS)('%s', async (_, row) => {
    let before = await stored.read();
    await expectAsWritten(
      row,
      (cell) => !changes(row, cell),
      async (name, cell) => {
        const caller = callerOf(name);
        const answer = await call(world, row, caller, caller.target);
        const after = await stored.read();
        const troubles = [...showing(row, name, answer), ...differences(before, after)];
        before = after;
        return { answered: describeAnswer(matrix, row, cell, answer), troubles };
      },
    );
  });
});

describe('AZ-15: a HEAD tells nobody more than the GET that it stands for', () => {
  it.each(ROWS.filter(([, { method }]) => method === 'GET'))('%s', async (_, row) => {
    const before = await stored.read();
    await expectAsWritten(
      row,
      () => true,
      async (name, cell) => {
        const caller = callerOf(name);
        const head = { ...row, method: 'HEAD' };
        const answer = await call(world, head, caller, caller.target);
        const troubles = AT_HOME.includes(name) ? [] : showing(head, name, answer);
        return { answered: describeAnswer(matrix, head, cell, answer), troubles };
      },
    );
    expect(differences(before, await stored.read())).toEqual([]);
  });
});

describe('AZ-01: who may change something does', () => {
  const changing = ROWS.filter(([, row]) => [...row.cells.values()].some((cell) => changes(row, cell)));

  it.each(changing)('%s', async (_, row) => {
    await expectAsWritten(
      row,
      (cell) => changes(row, cell),
      async (name, cell) => {
        const target = await freshTarget(world, row);
        const before = await stored.readRows();
        const answer = await call(world, row, callerOf(name), target);
        const after = await stored.readRows();
        // Objects that earlier grants replaced are still being removed meanwhile.
        const changed = changedRows(before, after).filter((one) => !one.startsWith('outbox '));
        const troubles = [...showing(row, name, answer), ...misplaced(row, name, changed)];
        return { answered: describeAnswer(matrix, row, cell, answer), troubles };
      },
    );
    // Its binding may have been ended, and what is stored from here on is to be where all else is.
    if (row.path.endsWith('/storage-binding')) await bindInPlace(world.root, world.home.id);
  });
});
