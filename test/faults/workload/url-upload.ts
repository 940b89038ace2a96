import type { Version } from '../ledger/entry.js';
import { jsonOf, type Answer } from '../wire/call.js';
import { codeOf, DONE, NEVER, OPEN, OVER, type Verdict } from './exchange.js';
import type { UrlUpload, Target } from './left-upload.js';
import { withRequestId, type Turn } from './turn.js';

/** What is said of an upload when it begins. */
export interface UrlWish {
  readonly subject: string;
  /** The caller's own id of the source; null: none. */
  readonly id: string | null;
  readonly version: Version;
  readonly saysSize: boolean;
  readonly lifeSeconds: number;
}

/** Time enough for the gateway to give up waiting for another one that is at the same upload. */
const COMPLETION_LIMIT_MS = 25_000;

/** Begins an upload; null when it has not begun, or nobody knows where its bytes would go, so that none will come. */
export async function beginByUrl(turn: Turn, wish: UrlWish): Promise<UrlUpload | null> {
  const { subject, version } = wish;
  const op = await turn.intend({ kind: 'upload', subject, effect: version, guarded: true });
  const headers = { 'idempotency-key': `upload-${turn.run.seed}-${version.write}` };
  const call = turn.json('POST', '/v1/uploads', bodyOf(wish), { headers });
  const attempts = await turn.ask('begin upload', withRequestId(call, op));
  const answer = attempts.at(-1)?.answer ?? null;
  const json = answer?.status === 201 ? (jsonOf(answer) as unknown as Begun | null) : null;
  if (json === null) {
    await turn.conclude(op, 'upload', NEVER, { answer, attempts: attempts.length, sourceId: null });
    return null;
  }
  const targets = targetsOf(json, version.sizeBytes);
  for (const { url } of targets) turn.run.world.secrets.set(`URL of upload ${json.upload_id}`, secretOf(url));
  const ids = { uploadId: json.upload_id, sourceId: json.source_id };
  return { kind: 'url', op, subject, version, ...ids, targets, hasArrived: false };
}

/** Sends bytes to every URL of an upload; true when all of them were taken. */
export async function sendByUrl(turn: Turn, { op, targets }: UrlUpload, bytes: Buffer): Promise<boolean> {
  let taken = true;
  for (const { url, headers, start, end } of turn.choices.shuffled(targets)) {
    const { path, isGateways } = addressOf(url);
    const body = bytes.subarray(start, end === targets.at(-1)?.end ? bytes.length : end);
    const call = {
      method: 'PUT',
      path,
      body,
      headers: { ...headers, 'content-length': String(body.length) },
    };
    const [last] = (await turn.ask('send to URL', isGateways ? withRequestId(call, op) : call)).slice(-1);
    const status = last?.answer?.status ?? null;
    turn.run.report.countOperation(
      'send to URL',
      status === null ? 'unknown' : status < 300 ? 'ok' : 'refused',
    );
    taken &&= status !== null && status < 300;
  }
  return taken;
}

/** Whole bytes that a gateway takes complete their upload as they come. */
export function completesByItself({ targets }: UrlUpload): boolean {
  const [only] = targets;
  return targets.length === 1 && only !== undefined && addressOf(only.url).isGateways;
}

/** Asks for an upload to be completed. */
export async function complete(turn: Turn, { op, uploadId }: UrlUpload): Promise<Answer | null> {
  const call = turn.json('POST', `/v1/uploads/${uploadId}/complete`, {}, { limitMs: COMPLETION_LIMIT_MS });
  return (await turn.ask('complete upload', withRequestId(call, op))).at(-1)?.answer ?? null;
}

/** What an answer to `complete` says of an upload whose bytes are the right ones. */
export function completed(answer: Answer | null): Verdict {
  if (answer?.status === 200) return DONE;
  if (answer?.status === 422) return NEVER;
  return answer?.status === 404 ? OVER : OPEN;
}

/** Gives an upload up, and answers what is known of it then. */
export async function cancel(turn: Turn, { op, uploadId }: UrlUpload): Promise<[Verdict, Answer | null]> {
  const call = withRequestId(turn.call('DELETE', `/v1/uploads/${uploadId}`), op);
  const answer = (await turn.ask('cancel upload', call)).at(-1)?.answer ?? null;
  if (answer?.status === 204) return [NEVER, answer];
  if (answer !== null && codeOf(answer) === 'upload_completed') return [DONE, answer];
  return [answer?.status === 404 ? OVER : OPEN, answer];
}

/** Asks how an upload stands, and answers what is known of it then. */
export async function askAfter(turn: Turn, { uploadId }: UrlUpload): Promise<[Verdict, Answer | null]> {
  const answer =
    (await turn.ask('get upload', turn.call('GET', `/v1/uploads/${uploadId}`))).at(-1)?.answer ?? null;
  const isDone = answer?.status === 200 && jsonOf(answer)?.['status'] === 'completed';
  return [isDone ? DONE : OPEN, answer];
}

interface Begun {
  readonly upload_id: string;
  readonly source_id: string;
  readonly url: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts?: readonly (Pick<Target, 'url' | 'headers'> & { readonly size_bytes: number })[];
}

function bodyOf({ id, version, saysSize, lifeSeconds }: UrlWish): Readonly<Record<string, unknown>> {
  return {
    name: version.name,
    content_type: version.contentType,
    checksum_sha256: version.sha256,
    metadata: { write: version.write },
    expires_in: lifeSeconds,
    ...(saysSize ? { size_bytes: version.sizeBytes } : {}),
    ...(id === null ? {} : { source_id: id }),
  };
}

function targetsOf({ url, headers, parts = [] }: Begun, sizeBytes: number): Target[] {
  if (url !== null) return [{ url, headers, start: 0, end: sizeBytes }];
  let end = 0;
  return parts.map((part) => {
    const start = end;
    end += part.size_bytes;
    return { url: part.url, headers: part.headers, start, end };
  });
}

/** The storage is reached at its own address, a gateway through what stands before both. */
function addressOf(url: string): { readonly path: string; readonly isGateways: boolean } {
  const { pathname } = new URL(url);
  return pathname.startsWith('/u/') ? { path: pathname, isGateways: true } : { path: url, isGateways: false };
}

/** What makes a URL work. */
function secretOf(url: string): string {
  const { pathname, searchParams } = new URL(url);
  return searchParams.get('X-Amz-Signature') ?? pathname.slice(pathname.lastIndexOf('/') + 1);
}
