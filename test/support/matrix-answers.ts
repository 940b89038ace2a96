import type { Answer } from './api.js';
import { isRead } from './matrix-calls.js';
import type { MatrixRow } from './matrix-table.js';
import { MARK } from './matrix-targets.js';

/** Who may see what lies at home; a sibling and a stranger see what is their own. */
export const AT_HOME = ['admin', 'editor', 'viewer', 'platform', 'platform at large'];

/** Reads that name nothing of what lies in a place. */
const ABOUT_NO_PLACE =
  /^(?:GET \/health\/|GET \/metrics$|OPTIONS |POST \/v1\/links\/batch$|POST .*\/access-check$|GET \/v1\/me$|GET \/v1\/audit|GET \/v1\/tenants(?:\/\{tenant_id\}(?:\/(?:storage-binding|usage|signing-keys))?)?$)/;

/** Whether a cell grants a change; all other answers leave everything as it was. */
export function changes(row: MatrixRow, cell: string): boolean {
  return cell.startsWith('2') && !isRead(row);
}

/** What is marked goes to nobody who may not see it, in whatever part of an answer; who may look does see it. */
export function showing(row: MatrixRow, name: string, answer: Answer): string[] {
  const isGranted = answer.status < 400;
  const isMarked = `${JSON.stringify([...answer.headers])}${answer.text}`.includes(MARK);
  // Whoever may upload sees uploads, and what they have become.
  if (row.path.startsWith('/v1/uploads') && name === 'uploader' && isGranted) return [];
  if (row.path.startsWith('/l/') && isGranted) return isMarked ? [] : ['does not show what the link opens'];
  if (!isGranted || !AT_HOME.includes(name)) return isMarked ? ['shows what is not the caller’s'] : [];
  const mustShow = isRead(row) && !ABOUT_NO_PLACE.test(row.name);
  return mustShow && !isMarked ? ['does not show what was asked for'] : [];
}
