import { UPLOAD_SIZES } from '../content/naming.js';
import { NEVER, OPEN, type Verdict } from '../workload/exchange.js';
import { newVersion } from '../workload/new-version.js';
import type { Operation } from '../workload/operation.js';
import type { Turn } from '../workload/turn.js';
import type { TusUpload } from '../workload/left-upload.js';
import { askTus, beginTus, isAllSent, sendOn, terminate } from '../workload/tus-upload.js';

const MOST_PIECES = 4;

/** Makes or replaces a source by tus, in pieces; sometimes it stops on the way, or takes it back. */
export const tus: Operation = {
  name: 'tus',
  weight: 4,
  needs: 'POST /v1/tus',
  async run(turn) {
    const { run, owner, choices } = turn;
    const slot = run.shelf.slot(owner, choices);
    const isNamed = choices.chance(0.6) || run.shelf.isCrowded(owner);
    const { version, bytes } = newVersion(turn, UPLOAD_SIZES);
    const course = choices.weighted(COURSES);
    const bringsFirst = choices.chance(0.3) && bytes.length > 1;
    const begun = await beginTus(turn, {
      subject: isNamed ? slot.subject : `${owner.code}/post-${version.write}`,
      id: isNamed ? slot.id : null,
      version,
      first: bringsFirst ? bytes.subarray(0, choices.between(1, bytes.length - 1)) : null,
    });
    if (begun === null) return;
    const verdict = await course.follow(turn, begun, bytes);
    const sourceId = verdict.result === 'ok' ? begun.sourceId : null;
    await turn.conclude(begun.op, 'tus', verdict, { answer: null, attempts: 1, sourceId });
    if (sourceId !== null && !isNamed) run.shelf.addPosted(owner, { subject: begun.subject, sourceId });
    if (!verdict.closed) run.shelf.leave({ owner, upload: begun });
  },
};

const COURSES = [
  { weight: 6, follow: sendAll },
  { weight: 2, follow: sendSome },
  { weight: 1, follow: stop },
  { weight: 1, follow: endOnTheWay },
  { weight: 1, follow: endAfterwards },
] as const;

async function sendAll(turn: Turn, begun: TusUpload, bytes: Buffer): Promise<Verdict> {
  for (const offset of [...cutsIn(turn, bytes.length), bytes.length]) {
    const verdict = await sendOn(turn, begun, bytes, offset);
    if (verdict !== OPEN || begun.told < offset) return verdict;
  }
  return await askTus(turn, begun);
}

/** For somebody else to go on with. */
async function sendSome(turn: Turn, begun: TusUpload, bytes: Buffer): Promise<Verdict> {
  return await sendOn(turn, begun, bytes, turn.choices.between(0, bytes.length));
}

/** For good: nobody else knows of it. */
async function stop(turn: Turn, begun: TusUpload, bytes: Buffer): Promise<Verdict> {
  const verdict = await sendSome(turn, begun, bytes);
  return isAllSent(begun) ? verdict : NEVER;
}

async function endOnTheWay(turn: Turn, begun: TusUpload, bytes: Buffer): Promise<Verdict> {
  const verdict = await sendSome(turn, begun, bytes);
  return verdict === OPEN ? await terminate(turn, begun) : verdict;
}

/** The upload is forgotten, and the source stays. */
async function endAfterwards(turn: Turn, begun: TusUpload, bytes: Buffer): Promise<Verdict> {
  const verdict = await sendAll(turn, begun, bytes);
  if (verdict.result === 'ok') await terminate(turn, begun);
  return verdict;
}

/** Where the bytes are cut into pieces. */
function cutsIn({ choices }: Turn, length: number): number[] {
  const count = choices.between(0, MOST_PIECES - 1);
  const cuts = Array.from({ length: count }, () => choices.between(0, length));
  return cuts.sort((one, other) => one - other);
}
