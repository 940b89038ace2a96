import type { Version } from '../ledger/entry.js';
import { newVersion } from '../workload/new-version.js';
import type { Operation } from '../workload/operation.js';

const BOUNDARY = 'boundary-of-the-harness';

/** Makes a source by a form, with an id of the caller's or without one; with a key where the gateway knows keys. */
export const create: Operation = {
  name: 'create',
  weight: 5,
  async run(turn) {
    const { run, owner, choices } = turn;
    const slot = run.shelf.slot(owner, choices);
    const isNamed = choices.chance(0.5) || run.shelf.isCrowded(owner);
    const { version, bytes } = newVersion(turn);
    const subject = isNamed ? slot.subject : `${owner.code}/post-${version.write}`;
    const hasKey = run.routes.has('POST /v1/sources idempotency-key');
    const key = `key-${run.seed}-${version.write}`;
    const { json, result } = await turn.change({
      kind: 'create',
      subject,
      effect: version,
      guarded: hasKey,
      // Without a key and without an id, a repeat makes another source.
      repeatable: hasKey || isNamed,
      call: turn.call('POST', '/v1/sources', {
        body: formOf(version, bytes, isNamed ? slot.id : null),
        headers: {
          'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
          ...(hasKey ? { 'idempotency-key': key } : {}),
        },
      }),
    });
    if (result === 'ok' && !isNamed && json !== null)
      run.shelf.addPosted(owner, { subject, sourceId: String(json['source_id']) });
  },
};

function formOf({ name, contentType, write }: Version, bytes: Buffer, sourceId: string | null): Buffer {
  const field = (fieldName: string, value: string): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${fieldName}"\r\n\r\n${value}\r\n`;
  const fields = [
    field('name', name),
    field('metadata', JSON.stringify({ write })),
    sourceId === null ? '' : field('source_id', sourceId),
  ].join('');
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: ${contentType}\r\n\r\n`;
  return Buffer.concat([Buffer.from(fields + head), bytes, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}
