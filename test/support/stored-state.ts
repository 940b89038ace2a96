import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type pg from 'pg';

import { connectAsOwner } from './owner-connection.js';
import { runBucket } from './run-bucket.js';
import { STORAGE } from './storage-under-test.js';
import type { LookedAt } from './tenant-objects.js';

/** All that a gateway keeps but the audit log, which tells of what was refused and read as well, in a form that two moments can be compared by. */
export interface Stored {
  /** By table, tenant and sub-tenant (`sources acme/legal`): the number of rows and a digest of them. */
  readonly rows: Readonly<Record<string, string>>;
  /**
   * Files in the data folder and objects in the run's bucket, unfinished ones included: path or name, bytes, and what
   * changes with every write.
   */
  readonly files: readonly string[];
}

/** What is written a while after a request, whatever it asked. By table, as SQL that leaves it out. */
const WRITTEN_LATER: Readonly<Record<string, string>> = {
  links: " - ARRAY['downloads', 'last_used_at']",
  tokens: " - ARRAY['last_used_at', 'last_used_address']",
};

/** Watches what a gateway with an embedded database keeps. For a gateway of one's own: others' writes show as well. */
export class StoredState {
  private constructor(
    private readonly gateway: LookedAt,
    private readonly client: pg.Client,
    private readonly query: string,
  ) {}

  /** Connects as the owner, whom row-level security does not hold. Throws when there are no tables to look at. */
  static async of(gateway: LookedAt): Promise<StoredState> {
    const client = await connectAsOwner(gateway.dataDir);
    const { rows } = await client.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables
       WHERE schemaname = 'public' AND NOT starts_with(tablename, 'audit_') ORDER BY 1`,
    );
    if (rows.length === 0) throw new Error('The database has no tables.');
    const digests = rows.map(
      ({ name }) =>
        `SELECT concat(${client.escapeLiteral(name)}, ' ', row->>'tenant_id', '/', row->>'sub_tenant_id') AS name,
           count(*) || ' rows, ' || md5(string_agg(row::text, E'\\n' ORDER BY row::text COLLATE "C")) AS digest
         FROM ${name} t, LATERAL (SELECT to_jsonb(t)${WRITTEN_LATER[name] ?? ''} AS row) AS told GROUP BY 1`,
    );
    return new StoredState(gateway, client, digests.join(' UNION ALL '));
  }

  /** What is kept now. Throws when files go meanwhile. */
  async read(): Promise<Stored> {
    const [rows, files, objects] = await Promise.all([this.readRows(), this.files(), this.objects()]);
    return { rows, files: [...files, ...objects] };
  }

  /** The rows alone, for when files may be removed in the background. */
  async readRows(): Promise<Stored['rows']> {
    const { rows } = await this.client.query<{ name: string; digest: string }>(this.query);
    return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
  }

  /** Disconnects. */
  async close(): Promise<void> {
    await this.client.end();
  }

  /** The database's own files are left out: its rows tell what is in them. */
  private async files(): Promise<string[]> {
    const { dataDir } = this.gateway;
    const tops = (await readdir(dataDir)).filter((name) => name !== 'postgres');
    const nested = await Promise.all(tops.map((name) => walk(join(dataDir, name))));
    const described = nested.flat().map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return `${relative(dataDir, path)}, ${size} bytes, ${mtimeMs}`;
    });
    return (await Promise.all(described)).sort();
  }

  private async objects(): Promise<string[]> {
    if (STORAGE === 'filesystem') return [];
    const objects = await (await runBucket(this.gateway.url)).everything();
    return objects.map(({ name, sizeBytes, tag }) => `${name}, ${sizeBytes} bytes, ${tag}`).sort();
  }
}

/** What is another at a later moment: places in tables, and files that came, went or changed. */
export function differences(before: Stored, after: Stored): string[] {
  return [
    ...changedRows(before.rows, after.rows),
    ...before.files.filter((file) => !after.files.includes(file)).map((file) => `was ${file}`),
    ...after.files.filter((file) => !before.files.includes(file)).map((file) => `is ${file}`),
  ];
}

/** The places in tables whose rows are others at a later moment. */
export function changedRows(before: Stored['rows'], after: Stored['rows']): string[] {
  return Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
}

async function walk(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}
