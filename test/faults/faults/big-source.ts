import { Agent } from 'node:http';

import { nameOf } from '../content/naming.js';
import { patternBytes, sha256 } from '../content/pattern.js';
import { contentOf } from '../run.js';
import { Turn } from '../workload/turn.js';
import type { Strike } from './fault.js';

const BIG_BYTES = 40 * 1024 * 1024;
/** A client of its own, beside those of the workload. */
const CLIENT = 100;

/** A large source, and what it takes to read it. */
export interface BigSource {
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** Writes a source too large for any buffer on the way; null when that did not go well. */
export async function putBig(strike: Strike): Promise<BigSource | null> {
  const { run, choices } = strike;
  const agent = new Agent();
  const turn = new Turn(run, CLIENT, choices.fork('big'), choices.pick(run.world.owners), agent);
  const { owner } = turn;
  const write = run.nextWrite();
  const bytes = patternBytes(contentOf(run, owner, { write, sizeBytes: BIG_BYTES }));
  const version = {
    write,
    sizeBytes: BIG_BYTES,
    sha256: sha256(bytes),
    name: nameOf(write),
    contentType: 'application/zip',
  };
  const path = '/v1/sources/slot-1/content';
  const { result } = await turn.change({
    kind: 'put',
    subject: `${owner.code}/slot-1`,
    effect: version,
    guarded: false,
    repeatable: true,
    call: turn.call('PUT', `${path}?name=${encodeURIComponent(version.name)}`, {
      body: bytes,
      headers: { 'content-type': version.contentType },
    }),
  });
  if (result !== 'ok') return null;
  return {
    path,
    headers: { authorization: `Bearer ${turn.editor}`, 'x-sub-tenant-id': owner.subTenantId },
  };
}
