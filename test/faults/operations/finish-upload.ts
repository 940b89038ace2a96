import { patternBytes } from '../content/pattern.js';
import { contentOf } from '../run.js';
import type { Verdict } from '../workload/exchange.js';
import type { TusUpload, UrlUpload } from '../workload/left-upload.js';
import type { Operation } from '../workload/operation.js';
import type { Turn } from '../workload/turn.js';
import { askTus, sendOn, terminate } from '../workload/tus-upload.js';
import { askAfter, cancel, complete, completed } from '../workload/url-upload.js';

/** Goes on with an upload that another client has left, whatever has happened since. */
export const finishUpload: Operation = {
  name: 'finish upload',
  weight: 2,
  needs: 'POST /v1/uploads',
  async run(turn) {
    const { run, owner, choices } = turn;
    const upload = run.shelf.takeLeft(owner, choices);
    if (upload === null) return;
    const verdict = upload.kind === 'url' ? await finishByUrl(turn, upload) : await finishTus(turn, upload);
    const { op, subject, sourceId } = upload;
    const isDone = verdict.result === 'ok';
    const told = { answer: null, attempts: 1, sourceId: isDone ? sourceId : null };
    await turn.conclude(op, 'finish upload', verdict, told);
    if (isDone && subject.includes('/post-')) run.shelf.addPosted(owner, { subject, sourceId });
    if (!verdict.closed) run.shelf.leave({ owner, upload });
  },
};

async function finishByUrl(turn: Turn, upload: UrlUpload): Promise<Verdict> {
  const fraction = turn.choices.fraction();
  if (fraction < 0.2) return (await cancel(turn, upload))[0];
  if (fraction < 0.4) return (await askAfter(turn, upload))[0];
  return completed(await complete(turn, upload));
}

async function finishTus(turn: Turn, upload: TusUpload): Promise<Verdict> {
  const fraction = turn.choices.fraction();
  if (fraction < 0.2) return await terminate(turn, upload);
  const { version } = upload;
  const standing = await askTus(turn, upload);
  if (standing.closed || fraction < 0.4) return standing;
  const bytes = patternBytes(contentOf(turn.run, turn.owner, version));
  return await sendOn(turn, upload, bytes, version.sizeBytes);
}
