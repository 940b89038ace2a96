import { writeOf } from '../content/naming.js';
import { jsonOf } from '../wire/call.js';
import type { Operation } from '../workload/operation.js';
import type { Turn } from '../workload/turn.js';

/** Reads the first page of an owner's sources: all of them are the owner's, and each is one version as a whole. */
export const list: Operation = {
  name: 'list',
  weight: 2,
  async run(turn) {
    const { run } = turn;
    const began = run.ledger.now;
    const [last] = (await turn.ask('list', turn.call('GET', '/v1/sources?limit=100'))).slice(-1);
    const answer = last?.answer ?? null;
    run.report.countOperation('list', answer === null ? 'unknown' : answer.status < 400 ? 'ok' : 'refused');
    const rows = answer?.status === 200 ? (jsonOf(answer)?.['data'] as ListedSource[]) : [];
    for (const row of rows.filter(({ status }) => status === 'available')) await check(turn, row, began);
  },
};

interface ListedSource {
  readonly status: string;
  readonly name: string;
  readonly tenant_id: string;
  readonly sub_tenant_id: string;
  readonly checksum_sha256: string;
  readonly content_type: string;
  readonly size_bytes: number;
}

async function check(turn: Turn, row: ListedSource, began: number): Promise<void> {
  const { run, owner, client } = turn;
  const written = run.history.write(writeOf(row.name) ?? -1);
  if (written === undefined || !written.subject.startsWith(`${owner.code}/`)) {
    await run.report.violate('I6', `the list of ${owner.code} has ${JSON.stringify(row)}`);
    return;
  }
  const { version, subject } = written;
  if (
    row.checksum_sha256 !== version.sha256 ||
    row.size_bytes !== version.sizeBytes ||
    row.content_type !== version.contentType
  ) {
    await run.report.violate('I2', `the list of ${owner.code} mixes versions: ${JSON.stringify(row)}`);
    return;
  }
  const found = { sha256: row.checksum_sha256, name: row.name };
  await run.ledger.append({ type: 'read', client, subject, via: 'list', began, found });
}
