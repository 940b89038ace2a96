import { readFile, writeFile } from 'node:fs/promises';

import { NOT_HERE } from '../faults/faults.js';
import type { RunResult } from './result.js';
import { totals } from './summary.js';
import { faultTable, killPointTable, operationTable, runTable } from './tables.js';

/** Writes what runs came to into a page, each storage between marks of its own; what stands outside of them stays. */
export async function writePage(path: string, results: readonly RunResult[]): Promise<void> {
  let page = await readFile(path, 'utf8').catch(() => '# Reliability\n');
  for (const storage of new Set(results.map((result) => result.storage)))
    page = replaceSection(page, storage, section(results.filter((result) => result.storage === storage)));
  await writeFile(path, page);
}

/** The page with the section of a storage put in place of the one before, or at the end where there was none. */
export function replaceSection(page: string, storage: string, text: string): string {
  const [begin, end] = [`<!-- runs on ${storage} -->`, `<!-- end of runs on ${storage} -->`];
  const fresh = `${begin}\n\n${text}\n\n${end}`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to === -1) return `${page.trimEnd()}\n\n${fresh}\n`;
  return page.slice(0, from) + fresh + page.slice(to + end.length);
}

function section(results: readonly RunResult[]): string {
  const versions = Object.entries(results[0]?.versions ?? {}).map(([name, version]) => `${name}: ${version}`);
  const minutes = results.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const broken = results.reduce((sum, { visiblyBroken }) => sum + visiblyBroken, 0);
  const lines = results.reduce((sum, { logLines }) => sum + logLines, 0);
  return [
    `${totals(results)}, in ${minutes.toFixed(0)} minutes altogether. ${versions.join('; ')}.`,
    runTable(results),
    faultTable(results),
    killPointTable(results),
    operationTable(results),
    `Answers that were damaged on purpose and did not match the digest that came with them: ${broken}. Lines of log looked through: ${lines}.`,
    'Not executed:',
    notExecuted(results),
  ].join('\n\n');
}

function notExecuted(results: readonly RunResult[]): string {
  const leftOut = results.flatMap((result) =>
    result.leftOut.map(({ label, name, why }) => `- ${label}, ${name}: ${why}`),
  );
  const notHere = Object.entries(NOT_HERE).map(([id, why]) => `- ${id}, ${why}`);
  return [...new Set([...leftOut, ...notHere])].join('\n');
}
