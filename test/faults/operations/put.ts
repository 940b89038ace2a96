import { digestField, newVersion } from '../workload/new-version.js';
import type { Operation } from '../workload/operation.js';
import type { Turn } from '../workload/turn.js';

type Condition = Readonly<Record<string, string>>;

/** Makes or replaces a source by a raw body: mostly whatever there is, or only what was seen, or only nothing. */
export const put: Operation = {
  name: 'put',
  weight: 9,
  async run(turn) {
    const { id, subject } = turn.run.shelf.slot(turn.owner, turn.choices);
    const { version, bytes } = newVersion(turn);
    const kind = turn.choices.weighted(KINDS);
    const saysDigest = turn.choices.chance(0.5);
    const condition = await kind.condition(turn, id);
    await turn.change({
      kind: 'put',
      subject,
      effect: version,
      // The tag that it names is gone with it, for ever.
      guarded: condition['if-match'] !== undefined,
      repeatable: true,
      call: turn.call('PUT', `/v1/sources/${id}/content?name=${encodeURIComponent(version.name)}`, {
        body: bytes,
        headers: {
          'content-type': version.contentType,
          ...condition,
          ...(saysDigest ? { 'content-digest': digestField(version.sha256) } : {}),
        },
      }),
    });
  },
};

const KINDS = [
  { weight: 5, condition: async (): Promise<Condition> => ({}) },
  { weight: 1, condition: async (): Promise<Condition> => ({ 'if-none-match': '*' }) },
  { weight: 3, condition: seen },
];

/** Only what is there now. */
async function seen(turn: Turn, id: string): Promise<Condition> {
  const [last] = (await turn.ask('get', turn.call('GET', `/v1/sources/${id}`))).slice(-1);
  const etag = last?.answer?.status === 200 ? last.answer.headers.etag : undefined;
  return etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag };
}
