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
  readonly sizeBytes: number;
  /** Deletes it. */
  readonly remove: () => Promise<void>;
}

/** Writes a source that no client touches, too large for any buffer on the way; null when that did not go well. */
export async function putBig(strike: Strike): Promise<BigSource | null> {
  const { run, choices } = strike;
  const agent = new Agent();
  const turn = new Turn(run, CLIENT, choices.fork('big'), choices.pick(run.world.owners), agent);
  const { owner } = turn;
  const write = run.nextWrite();
  const bytes = patternBytes(contentOf(run, owner, { write, sizeBytes: BIG_BYTES }));
  const name = nameOf(write);
  const contentType = 'application/zip';
  const id = `big-${write}`;
  const change = { subject: `${owner.code}/${id}`, guarded: false, repeatable: true };
  const path = `/v1/sources/${id}/content`;
  const { result } = await turn.change({
    ...change,
    kind: 'put',
    effect: { write, sizeBytes: BIG_BYTES, sha256: sha256(bytes), name, contentType },
    call: turn.call('PUT', `${path}?name=${encodeURIComponent(name)}`, {
      body: bytes,
      headers: { 'content-type': contentType },
    }),
  });
  if (result !== 'ok') return null;
  return {
    path,
    headers: { authorization: `Bearer ${turn.editor}`, 'x-sub-tenant-id': owner.subTenantId },
    sizeBytes: BIG_BYTES,
    remove: async () => {
      const call = turn.call('DELETE', `/v1/sources/${id}`);
      await turn.change({ ...change, kind: 'remove', effect: null, call });
    },
  };
}
