import { readFileSync } from 'node:fs';

import type { Answer, Json } from './api.js';

/** An error by the word that the page of expectations has for it, in the shapes of the three families. */
interface ErrorWord {
  readonly code: string;
  readonly errorCode: string;
  readonly text: string;
}

/** A call, in one of its cases, and what every caller has to be answered. */
export interface MatrixRow {
  /** Call and case, for titles. */
  readonly name: string;
  readonly method: string;
  /** As in the OpenAPI document, with the names of its parameters. */
  readonly path: string;
  /** Empty for the plain case. */
  readonly variant: string;
  /** By caller: a status and, for an error, its word. */
  readonly cells: ReadonlyMap<string, string>;
}

/** The page `test/isolation/expectations.md`, read. */
export interface Matrix {
  readonly words: ReadonlyMap<string, ErrorWord>;
  readonly callers: readonly string[];
  readonly rows: readonly MatrixRow[];
}

const PAGE = new URL('../isolation/expectations.md', import.meta.url);
const CALL = /^`([A-Z]+) (\/[^`]*)`(?: (.+))?$/;
const CELL = /^(?:[23]\d\d|[45]\d\d [a-z-]+)$/;
const EVERYBODY = 'everybody';

/**
 * Reads the page of expectations. Throws where it says nothing clear: a cell of another form, a cell given twice, a
 * word that the page does not explain, a row without a cell for a caller.
 */
export function readMatrix(): Matrix {
  const tables = tablesOf(readFileSync(PAGE, 'utf8'));
  const words = new Map<string, ErrorWord>();
  for (const [word = '', code = '', errorCode = '', text = ''] of named(tables, 'word').rows)
    words.set(word, { code: bare(code), errorCode: bare(errorCode), text });
  const calls = tables.filter(({ head }) => head[0] === 'call');
  const callers = [...new Set(calls.flatMap(({ head }) => head.slice(1)))].filter((one) => one !== EVERYBODY);
  const cells = new Map<string, Map<string, string>>();
  for (const { head, rows } of calls) {
    for (const [call = '', ...values] of rows) {
      const row = cells.get(call) ?? new Map<string, string>();
      cells.set(call, row);
      for (const [index, value] of values.entries()) fill(row, head[index + 1] ?? '', value, callers);
    }
  }
  const rows = [...cells].map(([call, row]) => toRow(call, row));
  for (const row of rows) assertClear(row, callers, words);
  return { words, callers, rows };
}

/**
 * What an answer is in the words of the page: the expected cell when the answer has its status and its error, and
 * otherwise the status with what the answer says. An answer to HEAD has its status only, and no body.
 */
export function describeAnswer(
  matrix: Matrix,
  { method, path }: MatrixRow,
  expected: string,
  answer: Answer,
): string {
  const [status = '', word = ''] = expected.split(' ');
  if (method === 'HEAD') {
    const isAsked = String(answer.status) === status && answer.bytes.length === 0;
    return isAsked ? expected : `${answer.status}, ${answer.bytes.length} bytes`;
  }
  const said = answer.status < 400 ? '' : saidBy(path, answer.json);
  const wanted = matrix.words.get(word);
  const isAsked = wanted === undefined ? said === '' : said === inFamily(path, wanted);
  return isAsked && String(answer.status) === status ? expected : `${answer.status} ${said}`.trim();
}

/** Whether what the OpenAPI document says of a status has the error of a cell among its examples. */
export function isDocumented(
  matrix: Matrix,
  { method, path }: MatrixRow,
  cell: string,
  response: DocumentedAnswer | undefined,
): boolean {
  const wanted = matrix.words.get(cell.split(' ')[1] ?? '');
  if (response === undefined || wanted === undefined || method === 'HEAD') return response !== undefined;
  const examples = Object.values(response.content ?? {}).flatMap((body) => [
    body.example,
    ...Object.values(body.examples ?? {}).map(({ value }) => value),
  ]);
  return examples.some((json) => json !== undefined && saidBy(path, json) === inFamily(path, wanted));
}

/** The part of an answer's description that errors are shown in. */
interface DocumentedAnswer {
  readonly content?: Readonly<
    Record<string, { example?: unknown; examples?: Record<string, { value: unknown }> }>
  >;
}

function inFamily(path: string, { code, errorCode, text }: ErrorWord): string {
  if (path.startsWith('/knowledge-base/')) return text;
  return path.startsWith('/fetch/') ? `${errorCode}: ${text}` : code;
}

function saidBy(path: string, json: Json): string {
  if (path.startsWith('/knowledge-base/')) return String(json?.detail);
  if (path.startsWith('/fetch/'))
    return `${String(json?.detail?.error_code)}: ${String(json?.detail?.message)}`;
  return String(json?.code);
}

interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function tablesOf(page: string): Table[] {
  return [...page.matchAll(/(?:^\|.*\|\n)+/gm)].map(([text]) => {
    const [head = [], , ...rows] = text.trimEnd().split('\n').map(cellsOf);
    return { head, rows };
  });
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

function named(tables: readonly Table[], first: string): Table {
  const found = tables.find(({ head }) => head[0] === first);
  if (found === undefined) throw new Error(`The page has no table of ${first}s.`);
  return found;
}

function bare(cell: string): string {
  return cell.replaceAll('`', '');
}

function fill(row: Map<string, string>, column: string, value: string, callers: readonly string[]): void {
  for (const caller of column === EVERYBODY ? callers : [column]) {
    if (row.has(caller)) throw new Error(`${caller} has two cells of one call.`);
    row.set(caller, value);
  }
}

function toRow(call: string, cells: ReadonlyMap<string, string>): MatrixRow {
  const [, method, path, variant = ''] = CALL.exec(call) ?? [];
  if (method === undefined || path === undefined) throw new Error(`Not a call: ${call}`);
  return { name: `${method} ${path} ${variant}`.trimEnd(), method, path, variant, cells };
}

function assertClear(row: MatrixRow, callers: readonly string[], words: Matrix['words']): void {
  for (const caller of callers) {
    const cell = row.cells.get(caller);
    if (cell === undefined || !CELL.test(cell)) throw new Error(`${row.name}: no clear cell for ${caller}.`);
    const [, word] = cell.split(' ');
    if (word !== undefined && !words.has(word)) throw new Error(`${row.name}: ${word} is not explained.`);
  }
}
