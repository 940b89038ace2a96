import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Gateways keep what they have read. Whatever they keep is announced when it changes, by the transaction that changes it:
 *
 * - to every gateway that listens, by `NOTIFY gatehold_changes`, which PostgreSQL delivers when the transaction is
 *   committed, in the order of the commits, and once however often it was said;
 * - to the session that makes the change, at once, as a message of the level INFO, which is sent whatever the settings: so
 *   that the process which it is of knows before it acknowledges.
 *
 * What is announced is about a tag: `tenant <id>` for the tenant itself and all that hangs on it but sources and links,
 * `source <tenant> <id>`, `link <tenant> <id>`, and `platform`.
 *
 * Triggers are on rows, and their conditions say what nobody keeps: a source that is not available yet, that a token or a
 * link was used, a row that was not there before (except where it takes the place of another). An upload of a new source
 * announces nothing.
 */
const FUNCTION_SQL = `
CREATE FUNCTION announce_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  r jsonb := to_jsonb(coalesce(OLD, NEW));
  tag text := TG_ARGV[0];
BEGIN
  IF TG_NARGS > 1 THEN tag := tag || ' ' || (r->>TG_ARGV[1]); END IF;
  IF TG_NARGS > 2 THEN tag := tag || ' ' || (r->>TG_ARGV[2]); END IF;
  PERFORM pg_notify('gatehold_changes', tag);
  RAISE INFO 'gatehold change: %', tag;
  RETURN NULL;
END $$;
`;

/** What of a table is announced as a change of what; `except` are columns of which nothing is kept. */
interface Announced {
  readonly table: string;
  readonly tag: string;
  readonly on: readonly ('INSERT' | 'UPDATE' | 'DELETE')[];
  /** A condition on `OLD`. */
  readonly where?: string;
  readonly except?: string;
}

const TENANT = "'tenant', 'tenant_id'";
const PLATFORM = "'platform'";
const CHANGES = ['UPDATE', 'DELETE'] as const;
const ALL = ['INSERT', ...CHANGES] as const;

const ANNOUNCED: readonly Announced[] = [
  { table: 'tenants', tag: TENANT, on: CHANGES },
  { table: 'sub_tenants', tag: TENANT, on: ALL },
  { table: 'tokens', tag: TENANT, on: CHANGES, except: "'{last_used_at, last_used_address}'" },
  { table: 'signing_keys', tag: TENANT, on: ALL },
  { table: 'link_marks', tag: TENANT, on: ALL },
  { table: 'storage_bindings', tag: TENANT, on: ALL },
  {
    table: 'sources',
    tag: "'source', 'tenant_id', 'source_id'",
    on: CHANGES,
    where: "OLD.status = 'available'",
  },
  {
    table: 'links',
    tag: "'link', 'tenant_id', 'link_id'",
    on: CHANGES,
    where: 'OLD.revoked_at IS NULL',
    except: "'{downloads, last_used_at}'",
  },
  { table: 'platform_tokens', tag: PLATFORM, on: ALL },
  { table: 'platform_bindings', tag: PLATFORM, on: ALL },
];

function triggersSql({ table, tag, on, where = 'true', except }: Announced): string {
  return on
    .map((operation) => {
      const conditions = operation === 'INSERT' ? [] : [where];
      if (operation === 'UPDATE' && except !== undefined)
        conditions.push(
          `to_jsonb(OLD) - ${except}::text[] IS DISTINCT FROM to_jsonb(NEW) - ${except}::text[]`,
        );
      const when = conditions.length === 0 ? '' : `WHEN (${conditions.join(' AND ')})`;
      return `CREATE TRIGGER announce_${operation.toLowerCase()} AFTER ${operation} ON ${table}
  FOR EACH ROW ${when} EXECUTE FUNCTION announce_change(${tag});`;
    })
    .join('\n');
}

/** Changes of what gateways keep are announced. */
export class AnnouncedChanges1797000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(FUNCTION_SQL);
    await runner.query(ANNOUNCED.map(triggersSql).join('\n'));
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
