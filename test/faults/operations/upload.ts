import { askedIdOf, UPLOAD_SIZES } from '../content/naming.js';
import { patternBytes, sha256 } from '../content/pattern.js';
import { contentOf } from '../run.js';
import { jsonOf, type Answer } from '../wire/call.js';
import { codeOf, DONE, NEVER, OPEN, type Verdict } from '../workload/exchange.js';
import { look } from '../workload/look.js';
import { newVersion } from '../workload/new-version.js';
import type { Operation } from '../workload/operation.js';
import type { UrlUpload } from '../workload/left-upload.js';
import type { Turn } from '../workload/turn.js';
import {
  beginByUrl,
  cancel,
  complete,
  completed,
  completesByItself,
  sendByUrl,
} from '../workload/url-upload.js';

/** Makes or replaces a source by URLs, in one of the ways in which that may go. */
export const upload: Operation = {
  name: 'upload',
  weight: 4,
  needs: 'POST /v1/uploads',
  async run(turn) {
    const { run, owner, choices } = turn;
    const slot = run.shelf.slot(owner, choices);
    const isNamed = choices.chance(0.6) || run.shelf.isCrowded(owner);
    const { version, bytes } = newVersion(turn, UPLOAD_SIZES);
    const course = choices.weighted(COURSES);
    const begun = await beginByUrl(turn, {
      subject: isNamed ? slot.subject : `${owner.code}/post-${version.write}`,
      id: isNamed ? slot.id : null,
      version,
      saysSize: choices.chance(0.85),
      lifeSeconds: choices.pick([60, 900, 900, 900]),
    });
    if (begun !== null) await course.follow(turn, begun, bytes);
  },
};

const COURSES = [
  { weight: 6, follow: finish },
  { weight: 2, follow: leave },
  { weight: 1, follow: neverSend },
  { weight: 2, follow: sendOthers },
  { weight: 2, follow: giveUp },
] as const;

/** Writes down what is known of an upload. */
async function conclude(
  turn: Turn,
  { op, sourceId, subject }: UrlUpload,
  verdict: Verdict,
  answer: Answer | null,
): Promise<void> {
  const isDone = verdict.result === 'ok';
  await turn.conclude(op, 'upload', verdict, { answer, attempts: 1, sourceId: isDone ? sourceId : null });
  if (isDone && subject.includes('/post-')) turn.run.shelf.addPosted(turn.owner, { subject, sourceId });
}

async function finish(turn: Turn, begun: UrlUpload, bytes: Buffer): Promise<void> {
  begun.hasArrived = await sendByUrl(turn, begun, bytes);
  if (begun.hasArrived && completesByItself(begun)) {
    await conclude(turn, begun, DONE, null);
    if (turn.choices.chance(0.5)) await completeAgain(turn, begun);
  } else {
    if (turn.choices.chance(0.3)) turn.turnToOther();
    const answer = await complete(turn, begun);
    await judgeArrival(turn, begun, answer);
    const verdict = completed(answer);
    await conclude(turn, begun, verdict, answer);
    if (!verdict.closed) turn.run.shelf.leave({ owner: turn.owner, upload: begun });
    if (verdict.result !== 'ok') return;
    if (turn.choices.chance(0.4)) await completeAgain(turn, begun);
  }
  if (turn.choices.chance(0.3)) await sendAfterwards(turn, begun);
}

/** The bytes are there, or on their way, and nobody says so. */
async function leave(turn: Turn, begun: UrlUpload, bytes: Buffer): Promise<void> {
  begun.hasArrived = await sendByUrl(turn, begun, bytes);
  const isDone = begun.hasArrived && completesByItself(begun);
  await conclude(turn, begun, isDone ? DONE : OPEN, null);
  if (!isDone && turn.choices.chance(0.5)) turn.run.shelf.leave({ owner: turn.owner, upload: begun });
}

/** Nothing is sent, and nobody but this client knows where to. */
async function neverSend(turn: Turn, begun: UrlUpload): Promise<void> {
  await conclude(turn, begun, NEVER, null);
  const answer = turn.choices.chance(0.5) ? await complete(turn, begun) : null;
  if (answer !== null && answer.status < 400)
    await turn.run.report.violate('I7', `${begun.subject}: an upload without bytes was completed`);
}

/** Others are sent than those that were announced, of the same length or of another: they never become a source. */
async function sendOthers(turn: Turn, begun: UrlUpload): Promise<void> {
  await conclude(turn, begun, NEVER, null);
  const { sizeBytes } = begun.version;
  const isLonger = sizeBytes === 0 || turn.choices.chance(0.5);
  const taken = await sendByUrl(turn, begun, otherBytes(turn, begun, sizeBytes + (isLonger ? 1 : 0)));
  const answer = taken && completesByItself(begun) ? null : await complete(turn, begun);
  if ((taken && completesByItself(begun)) || (answer !== null && answer.status < 400))
    await turn.run.report.violate('I7', `${begun.subject}: bytes that were not announced were taken`);
  if (turn.choices.chance(0.3)) await cancel(turn, begun);
}

async function giveUp(turn: Turn, begun: UrlUpload, bytes: Buffer): Promise<void> {
  if (turn.choices.chance(0.7)) begun.hasArrived = await sendByUrl(turn, begun, bytes);
  const [verdict, answer] = await cancel(turn, begun);
  const wasDone = begun.hasArrived && completesByItself(begun);
  if (wasDone && verdict.result === 'refused')
    await turn.run.report.violate('I1', `${begun.subject}: an upload that was complete is given up`);
  await conclude(turn, begun, wasDone ? DONE : verdict, answer);
  if (verdict.result === 'refused' && turn.choices.chance(0.4)) await sendByUrl(turn, begun, bytes);
}

/** What was acknowledged as taken is not asked for again. */
async function judgeArrival(turn: Turn, begun: UrlUpload, answer: Answer | null): Promise<void> {
  if (answer === null || !begun.hasArrived || codeOf(answer) !== 'upload_not_received') return;
  await turn.run.report.violate('I1', `${begun.subject}: bytes that were acknowledged have not come`);
}

/** Asked again, the answer is the same. */
async function completeAgain(turn: Turn, begun: UrlUpload): Promise<void> {
  turn.turnToOther();
  const answer = await complete(turn, begun);
  if (answer === null || answer.status >= 500 || [401, 403, 404].includes(answer.status)) return;
  turn.run.report.countChecks('I8', 1);
  if (answer.status !== 200 || jsonOf(answer)?.['source_id'] !== begun.sourceId)
    await turn.run.report.violate(
      'I8',
      `${begun.subject}: complete was answered with ${answer.status} ${codeOf(answer) ?? ''} the second time`,
    );
}

/** Other bytes are sent to where the upload went: they change nothing. */
async function sendAfterwards(turn: Turn, begun: UrlUpload): Promise<void> {
  const taken = await sendByUrl(turn, begun, otherBytes(turn, begun, begun.version.sizeBytes));
  if (taken && completesByItself(begun) && begun.version.sizeBytes > 0)
    await turn.run.report.violate('I7', `${begun.subject}: bytes were taken after the upload was complete`);
  const { subject, sourceId } = begun;
  await look(turn, {
    subject,
    via: 'content',
    call: turn.call('GET', `/v1/sources/${askedIdOf(subject, sourceId)}/content`),
  });
}

/** Bytes of the owner's that are no version of anything: of so few that two writes may have the same, others are drawn. */
function otherBytes({ run, owner }: Turn, { version }: UrlUpload, sizeBytes: number): Buffer {
  let bytes: Buffer;
  do bytes = patternBytes(contentOf(run, owner, { write: run.nextWrite(), sizeBytes }));
  while (sizeBytes > 0 && sha256(bytes) === version.sha256);
  return bytes;
}
