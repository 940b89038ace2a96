import { setTimeout as pause } from 'node:timers/promises';

import { sha256 } from '../content/pattern.js';
import type { Version } from '../ledger/entry.js';
import type { Answer, Call } from '../wire/call.js';
import { DONE, NEVER, OPEN, OVER, type Verdict } from './exchange.js';
import type { TusUpload } from './left-upload.js';
import { digestField } from './new-version.js';
import { withRequestId, type Turn } from './turn.js';

/** What is said of an upload when it begins. */
export interface TusWish {
  readonly subject: string;
  /** The caller's own id of the source; null: none. */
  readonly id: string | null;
  readonly version: Version;
  /** The bytes that are sent at once, not all of them; null: none. */
  readonly first: Buffer | null;
}

const VERSION = { 'tus-resumable': '1.0.0' };
const BYTES_TYPE = { 'content-type': 'application/offset+octet-stream' };
/** How often a client asks where it stands before it leaves an upload, and for how long it waits in between. */
const PATIENCE = 4;
const WAIT_MS = 400;

/** Begins an upload; null when it has not begun, or nobody knows where it is. */
export async function beginTus(turn: Turn, wish: TusWish): Promise<TusUpload | null> {
  const { subject, version, first } = wish;
  const op = await turn.intend({ kind: 'tus', subject, effect: version, guarded: true });
  const headers = {
    ...VERSION,
    'upload-length': String(version.sizeBytes),
    'upload-metadata': metadataOf(wish),
    'idempotency-key': `tus-${turn.run.seed}-${version.write}`,
    ...(first === null ? {} : BYTES_TYPE),
  };
  const call = turn.call('POST', '/v1/tus', { headers, ...(first === null ? {} : { body: first }) });
  const attempts = await turn.ask('begin tus', withRequestId(call, op));
  const answer = attempts.at(-1)?.answer ?? null;
  if (answer?.status !== 201) {
    // One of no bytes has all that it needs.
    const verdict = version.sizeBytes > 0 ? NEVER : OPEN;
    await turn.conclude(op, 'tus', verdict, { answer, attempts: attempts.length, sourceId: null });
    return null;
  }
  const { pathname: path } = new URL(answer.headers.location ?? '', 'http://gateway');
  const sourceId = String(answer.headers['upload-source-id']);
  return { kind: 'tus', op, subject, version, path, sourceId, told: 0, sent: first?.length ?? 0 };
}

/** Sends on, up to an offset, and asks where the upload stands when it was not told so. Answers what is known then. */
export async function sendOn(turn: Turn, upload: TusUpload, bytes: Buffer, until: number): Promise<Verdict> {
  for (let tries = 0; tries < PATIENCE; tries += 1) {
    if (upload.told < until) {
      const answer = await sendPiece(turn, upload, bytes.subarray(upload.told, until));
      if (answer?.status === 204) await takeOffset(turn, upload, answer);
      const verdict = verdictOn(upload, answer);
      if (verdict !== null) return verdict;
      if (upload.told === until) return OPEN;
    }
    // Nothing was heard of it, or something else than that it was taken: the other gateway has to know as well.
    turn.turnToOther();
    const verdict = await askTus(turn, upload);
    if (verdict !== OPEN) return verdict;
    if (upload.told >= until && upload.told < upload.version.sizeBytes) return OPEN;
    if (tries > 0) await pause(WAIT_MS);
  }
  return OPEN;
}

/** Asks where an upload stands, and answers what is known of it then. */
export async function askTus(turn: Turn, upload: TusUpload): Promise<Verdict> {
  const call = turn.call('HEAD', upload.path, { headers: VERSION });
  const answer = (await turn.ask('ask tus', call)).at(-1)?.answer ?? null;
  if (answer?.status === 200) await takeOffset(turn, upload, answer);
  return verdictOn(upload, answer) ?? OPEN;
}

/** Ends an upload, and answers what is known of it then. */
export async function terminate(turn: Turn, upload: TusUpload): Promise<Verdict> {
  const call = withRequestId(turn.call('DELETE', upload.path, { headers: VERSION }), upload.op);
  const status = (await turn.ask('end tus', call)).at(-1)?.answer?.status ?? null;
  if (status !== 204 && status !== 404 && status !== 410) return OPEN;
  // That of a complete one is answered in the same way.
  return isAllSent(upload) ? OVER : NEVER;
}

/** All bytes may have come, so that it may be complete whatever was heard of it. */
export function isAllSent({ sent, version }: TusUpload): boolean {
  return sent >= version.sizeBytes;
}

async function sendPiece(turn: Turn, upload: TusUpload, piece: Buffer): Promise<Answer | null> {
  const offset = upload.told;
  const digest = turn.choices.chance(0.3) ? { 'content-digest': digestField(sha256(piece)) } : {};
  const headers = { ...VERSION, ...BYTES_TYPE, 'upload-offset': String(offset), ...digest };
  const call: Call = turn.call('PATCH', upload.path, { headers, body: piece });
  upload.sent = Math.max(upload.sent, offset + piece.length);
  const attempts = await turn.ask('send piece', withRequestId(call, upload.op), false);
  return attempts.at(-1)?.answer ?? null;
}

/** Keeps the offset that was told, and says what is wrong with it. */
async function takeOffset(turn: Turn, upload: TusUpload, answer: Answer): Promise<void> {
  const { report } = turn.run;
  const offset = Number(answer.headers['upload-offset']);
  report.countChecks('I1', 1);
  if (!(offset >= upload.told && offset <= upload.sent))
    await report.violate(
      'I1',
      `${upload.subject}: the offset ${offset} was told after ${upload.told}, with ${upload.sent} bytes sent`,
    );
  upload.told = offset;
}

/** What an answer about an upload says of its end; null: nothing. */
function verdictOn({ told, version }: TusUpload, answer: Answer | null): Verdict | null {
  if (answer === null) return null;
  if (answer.status < 300) return told === version.sizeBytes ? DONE : null;
  if (answer.status === 422 || answer.status === 410) return NEVER;
  return answer.status === 404 ? OVER : null;
}

function metadataOf({ id, version }: TusWish): string {
  const pairs: Readonly<Record<string, string>> = {
    filename: version.name,
    filetype: version.contentType,
    checksum_sha256: version.sha256,
    metadata: JSON.stringify({ write: version.write }),
    ...(id === null ? {} : { source_id: id }),
  };
  return Object.entries(pairs)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');
}
