import { makeDatabase, runMigrations } from '../world/migrated-database.js';
import type { Fault, Strike } from './fault.js';

/** A migration is killed at the k-th answer of the server, and run again: the schema is what it would have been. */
export const migration: Fault = {
  id: 'F22',
  name: 'kill -9 in the midst of a migration, twice',
  async strike(strike) {
    const { world, choices } = strike;
    const [whole, name] = [await makeDatabase(world), await makeDatabase(world)];
    try {
      const { answers } = await runMigrations(world, whole);
      for (let count = 2; count > 0; count -= 1) {
        const killed = await runMigrations(world, name, choices.between(1, answers - 1));
        if (killed.code === null) strike.hit();
      }
      const { code } = await runMigrations(world, name);
      strike.checked('I9');
      if (code !== 0)
        await strike.violate('I9', `a migration that was interrupted ended with ${code ?? 'a signal'}`);
      const [expected, actual] = [await schemaOf(strike, whole), await schemaOf(strike, name)];
      if (expected !== actual)
        await strike.violate('I9', 'a migration that was interrupted made another schema');
    } finally {
      for (const made of [whole, name]) await world.postgres.query(`DROP DATABASE ${made} WITH (FORCE)`);
    }
  },
};

/** Everything that the migrations make, in words. */
async function schemaOf({ world }: Strike, database: string): Promise<string> {
  const rows = await world.postgres.query<{ line: string }>(SCHEMA, [], database);
  return rows.map(({ line }) => line).join('\n');
}

const SCHEMA = `
SELECT concat_ws(' ', 'column', table_name, column_name, data_type, is_nullable, column_default, collation_name) AS line
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT concat_ws(' ', 'policy', tablename, policyname, roles::text, cmd, qual, with_check) FROM pg_policies
UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT concat_ws(' ', 'function', pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT concat_ws(' ', 'table', relname, relrowsecurity, relforcerowsecurity, relacl::text) FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
UNION ALL SELECT concat_ws(' ', 'migration', name) FROM schema_migrations
ORDER BY 1`;
