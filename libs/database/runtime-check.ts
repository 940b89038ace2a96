import type { DataSource } from 'typeorm';

/** What a connection may do, as far as the walls between tenants depend on it. */
interface ConnectionRights {
  readonly effective_superuser: boolean;
  readonly effective_bypass: boolean;
  readonly owned_tables: number;
  readonly login: string;
  readonly login_privileged: boolean;
}

const RIGHTS_SQL = `
SELECT
  e.rolsuper AS effective_superuser,
  e.rolbypassrls AS effective_bypass,
  (SELECT count(*)::int FROM pg_class WHERE relowner = e.oid AND relkind = 'r') AS owned_tables,
  session_user::text AS login,
  (l.rolsuper OR l.rolbypassrls OR EXISTS (SELECT FROM pg_class WHERE relowner = l.oid AND relkind = 'r')) AS login_privileged
FROM pg_roles e, pg_roles l
WHERE e.rolname = current_user AND l.rolname = session_user`;

/**
 * Proves that the pool's connections cannot step over row-level security, and refuses to go on otherwise.
 * @returns true when the login behind the runtime role is privileged: row-level security then holds against mistakes
 *   in statements, but not against injected SQL, which could go back to the login's own rights
 */
export async function checkRuntimeRights(dataSource: DataSource): Promise<boolean> {
  const [rights] = await dataSource.query<ConnectionRights[]>(RIGHTS_SQL);
  if (rights === undefined) throw new Error('The database does not say which role it serves.');
  if (rights.effective_superuser || rights.effective_bypass || rights.owned_tables > 0) {
    throw new Error(
      `The database role of "${rights.login}" can step over row-level security; refusing to start.`,
    );
  }
  return rights.login_privileged;
}
