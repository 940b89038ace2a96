import { firstDifference, ownerCodesIn, patternBytes, sha256 } from '../content/pattern.js';
import type { Version } from '../ledger/entry.js';
import { contentOf } from '../run.js';
import { STALE_MS } from '../staleness.js';
import type { Answer, Call } from '../wire/call.js';
import { codeOf } from './exchange.js';
import type { Turn } from './turn.js';

/** A look at a source's content. */
export interface Look {
  readonly subject: string;
  readonly via: 'content' | 'range' | 'link';
  readonly call: Call;
}

/**
 * Looks at a source, checks what came byte by byte and writes it down, to be compared with what the source may be once
 * everything that was under way is known. Answers the answer; null when there was none.
 */
export async function look(turn: Turn, { subject, via, call }: Look): Promise<Answer | null> {
  const { run } = turn;
  const began = run.ledger.now;
  const answer = await follow(turn, via, call);
  run.report.countOperation(via, answer === null ? 'unknown' : answer.status < 400 ? 'ok' : 'refused');
  if (answer === null) return null;
  if (answer.status === 200 || answer.status === 206) {
    await checkNotSuspended(turn, began);
    const found = await identify(turn, via, answer);
    if (found !== null)
      await run.ledger.append({ type: 'read', client: turn.client, subject, via, began, found });
  }
  const code = codeOf(answer);
  const isEmpty = answer.status === 409 && code === 'source_not_uploaded';
  if (isEmpty || (answer.status === 404 && via !== 'link')) {
    const said = `${answer.status} ${code ?? ''} for ${call.path}`;
    await run.ledger.append({ type: 'read', client: turn.client, subject, via, began, found: null, said });
  }
  return answer;
}

/** The answer to a call, or that of the place which it leads to. */
async function follow(turn: Turn, via: string, call: Call): Promise<Answer | null> {
  const answer = (await turn.ask(via, call)).at(-1)?.answer ?? null;
  if (answer?.status !== 302) return answer;
  const path = answer.headers.location ?? '';
  return (await turn.ask(via, { method: 'GET', path })).at(-1)?.answer ?? null;
}

/** Says which version came; null, and what is wrong, when it is none. */
async function identify(
  turn: Turn,
  via: string,
  answer: Answer,
): Promise<{ readonly sha256: string; readonly name: null } | null> {
  const { run, owner } = turn;
  const foreign = [...ownerCodesIn(answer.bytes)].filter((code) => code !== owner.code);
  const promised = promisedDigest(answer);
  const actual = sha256(answer.bytes);
  if (answer.status === 200 && promised !== null && promised !== actual && run.report.mayBeDamaged) {
    // Broken for whoever looks at the digest that came with it.
    run.report.countVisible();
    return null;
  }
  if (foreign.length > 0) {
    await run.report.violate('I6', `${via} of ${owner.code} has bytes of ${foreign.join(', ')}`);
    return null;
  }
  if (answer.status === 206) return identifyPart(turn, via, answer, promised);
  if (promised !== null && promised !== actual) {
    await run.report.violate('I2', `${via}: the body has the digest ${actual} and promises ${promised}`);
    return null;
  }
  if (run.history.withChecksum(actual).length > 0) return { sha256: actual, name: null };
  await run.report.violate('I2', `${via}: ${answer.bytes.length} bytes that nobody wrote`);
  return null;
}

async function identifyPart(
  turn: Turn,
  via: string,
  answer: Answer,
  promised: string | null,
): Promise<{ readonly sha256: string; readonly name: null } | null> {
  const { run, owner } = turn;
  const [, start = '', end = ''] = /^bytes (\d+)-(\d+)\//.exec(answer.headers['content-range'] ?? '') ?? [];
  const versions = promised === null ? [] : run.history.withChecksum(promised);
  const isFrom = (version: Version): boolean => {
    const part = patternBytes(contentOf(run, owner, version), Number(start), Number(end) + 1);
    return firstDifference(part, answer.bytes) === -1;
  };
  const found = versions.find(isFrom);
  if (found !== undefined) return { sha256: found.sha256, name: null };
  await run.report.violate(
    'I2',
    `${via}: bytes ${start} to ${end} are not those of the version that they promise`,
  );
  return null;
}

/** The SHA-256 that an answer of a gateway says its whole content has; null for one of the storage itself. */
function promisedDigest({ headers }: Answer): string | null {
  const digest = /sha-256=:([^:]+):/.exec(String(headers['repr-digest'] ?? ''))?.[1];
  return digest === undefined ? null : Buffer.from(digest, 'base64').toString('hex');
}

/** Nothing of an owner's may be served from a moment after its suspension to the call that ends it. */
async function checkNotSuspended({ run, owner }: Turn, began: number): Promise<void> {
  const ended = run.ledger.now;
  const within = run.shelf.suspensions.some(
    (suspension) =>
      suspension.owner === owner && suspension.from + STALE_MS < began && ended < suspension.until,
  );
  if (within) await run.report.violate('I10', `content of ${owner.code} was served while it was suspended`);
}
