import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

import { ownIdOf } from '../content/naming.js';
import { subjectOf } from '../invariants/invariant.js';
import type {
  Observation,
  ReadBack,
  RecoverySeen,
  RevokedSeen,
  SourceRow,
  UsageSeen,
} from '../invariants/observation.js';
import type { Run } from '../run.js';
import { STALE_MS } from '../staleness.js';
import { send } from '../wire/call.js';
import { LogScan } from './log-scan.js';
import { Processes } from './processes.js';
import { readBack, type Wanted } from './read-back.js';
import { SeenObjects } from './seen-objects.js';
import { holdArrivals, noticeArrivals, readTables, type Tables } from './tables.js';
import { statedUsage } from './usage.js';

/** How often a moment is looked for at which storage and tables agree, and how long that waits each time. */
const TRIES = 4;
const TRY_MS = 250;
/** Sources that nobody touched, and things that were taken back, that are looked at each time. */
const SAMPLE = 12;
const READERS = 6;

/** What tables and storage have. */
interface Moment {
  readonly tables: Tables;
  readonly leftovers: string[];
}

/** Looks at everything when nothing is under way. */
export class Observer {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #objects: SeenObjects;
  readonly #processes: Processes;
  readonly #logs = new LogScan();

  constructor(private readonly run: Run) {
    this.#objects = new SeenObjects(run.world.place);
    this.#processes = new Processes(run.world);
  }

  close(): void {
    this.#agent.destroy();
  }

  async observe(recovery: RecoverySeen, final: boolean): Promise<Observation> {
    const { postgres } = this.run.world;
    await holdArrivals(postgres);
    try {
      return await this.#look(recovery, final);
    } finally {
      await noticeArrivals(postgres);
    }
  }

  async #look(recovery: RecoverySeen, final: boolean): Promise<Observation> {
    const { run } = this;
    const began = run.ledger.now;
    const { tables, leftovers, readBacks } = await this.#stillMoment(final);
    const usage = [...tables.usage, ...(await this.#statedUsage(tables.rows))];
    const revoked = await this.#revoked();
    const processes = await this.#processes.look();
    const { leaks, lines } = this.#logs.scan(run.world);
    return {
      began,
      ended: run.ledger.now,
      ...tables,
      crashes: [...run.world.postgres.crashes],
      usage,
      objects: new Map(this.#objects.all),
      leftovers,
      removedKeys: this.#removedKeys(),
      final,
      readBacks,
      revoked,
      processes,
      recovery,
      leaks,
      logLines: lines,
    };
  }

  /** An upload may end, or be noticed to have come, while its source is read back: then all of it is read again. */
  async #stillMoment(final: boolean): Promise<Moment & { readonly readBacks: ReadBack[] }> {
    for (let count = 1; ; count += 1) {
      const agreed = await this.#agreedMoment();
      const readBacks = await this.#readBacks(agreed.tables.rows, final);
      const { rows } = await readTables(this.run.world.postgres);
      if (count === TRIES || isDeepStrictEqual(rows, agreed.tables.rows)) return { ...agreed, readBacks };
    }
  }

  /** Workers may be in the midst of something: whatever is wrong for good is so every time. */
  async #agreedMoment(): Promise<Moment> {
    const { postgres, place } = this.run.world;
    for (let count = 1; ; count += 1) {
      await this.#objects.refresh();
      const tables = await readTables(postgres);
      if (count === TRIES || this.#agrees(tables)) return { tables, leftovers: await place.leftovers() };
      await pause(TRY_MS);
    }
  }

  #agrees({ rows, uploads, outboxKeys }: Tables): boolean {
    const named = new Set([
      ...rows.map(({ objectKey }) => objectKey),
      ...uploads.flatMap(({ objectKey, attemptKey }) => [objectKey, attemptKey]),
    ]);
    const isThere = ({ objectKey }: SourceRow): boolean =>
      objectKey === null || this.#objects.all.has(objectKey);
    return (
      outboxKeys.length === 0 &&
      rows.every(isThere) &&
      [...this.#objects.all.keys()].every((key) => named.has(key))
    );
  }

  #removedKeys(): Set<string> {
    const { place } = this.run.world;
    return new Set([...this.#objects.removed, ...(place.storage === 'ceph' ? place.proxy.removals : [])]);
  }

  /** What changed, a sample of the rest, and all of it at the end. */
  async #readBacks(rows: readonly SourceRow[], final: boolean): Promise<ReadBack[]> {
    const wanted = this.#wanted(rows, final);
    const answers: ReadBack[][] = [];
    const next = wanted.entries();
    const reader = async (): Promise<void> => {
      for (const [index, one] of next) answers[index] = await this.#readOne(one, index);
    };
    await Promise.all(Array.from({ length: READERS }, reader));
    return answers.flat();
  }

  /** Another gateway than the one that took a change may lag behind for a moment. */
  async #readOne(wanted: Wanted, index: number): Promise<ReadBack[]> {
    const [one, other] = this.run.world.gateways;
    const gateways = index % 2 === 0 ? ([one, other] as const) : ([other, one] as const);
    const answers = await readBack(this.run, this.#agent, wanted, gateways);
    const isAsExpected =
      wanted.row === null
        ? answers.every(isAbsence)
        : answers.every(({ status }) => status !== null && status !== 404);
    if (isAsExpected) return answers;
    await pause(STALE_MS);
    return readBack(this.run, this.#agent, wanted, gateways);
  }

  #wanted(rows: readonly SourceRow[], final: boolean): Wanted[] {
    const { history, world, choices } = this.run;
    const evidence = { history, owners: world.owners };
    const bySubject = new Map<string, SourceRow>();
    for (const row of rows.filter(({ status }) => status === 'available')) {
      const subject = subjectOf(evidence, row);
      if (subject !== null) bySubject.set(subject, row);
    }
    const unchanged = history.subjects.filter((subject) => !history.changed.has(subject));
    const subjects = final
      ? history.subjects
      : [
          ...history.changed,
          ...choices.fork(`sample/${history.subjects.length}`).shuffled(unchanged).slice(0, SAMPLE),
        ];
    return subjects.flatMap((subject) => {
      const row = bySubject.get(subject) ?? null;
      const owner = world.owners.find(({ code }) => subject.startsWith(`${code}/`));
      const id = row?.sourceId ?? ownIdOf(subject);
      // What was made without an id and is not there can be asked for by nobody.
      return owner === undefined || id === null ? [] : [{ owner, subject, id, row }];
    });
  }

  async #revoked(): Promise<RevokedSeen[]> {
    const { shelf, world, ledger, choices } = this.run;
    const since = shelf.revoked.filter(({ at }) => at + STALE_MS < ledger.now);
    const sample = choices.fork(`revoked/${since.length}`).shuffled(since).slice(0, SAMPLE);
    const seen: RevokedSeen[] = [];
    for (const { what, path, token, owner } of sample)
      for (const gateway of world.gateways) {
        const headers = { 'x-sub-tenant-id': owner.subTenantId };
        const call = { method: 'GET', path, token, headers: token === null ? {} : headers };
        const answer = await send(gateway.url, call, this.#agent).catch(() => null);
        seen.push({ what, gateway: gateway.name, status: answer?.status ?? null });
      }
    return seen;
  }

  async #statedUsage(rows: readonly SourceRow[]): Promise<UsageSeen[]> {
    const { world, routes } = this.run;
    return routes.has('GET /v1/tenants/{tenant_id}/usage') ? statedUsage(world, this.#agent, rows) : [];
  }
}

/** There is no source, or one that waits for content. */
function isAbsence({ via, status }: ReadBack): boolean {
  return status === 404 || status === (via === 'metadata' ? 200 : 409);
}
