import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { PostgresProxy } from '../wire/postgres-proxy.js';
import type { Fault, Strike } from './fault.js';

const CLI = fileURLToPath(new URL('../../../dist/apps/cli/src/main.js', import.meta.url));
/** More than the answers that a migration gets, so that some are not interrupted at all. */
const MOST_ANSWERS = 60;

let databases = 0;

/** A migration is killed at the k-th answer of the server, and run again: the schema is what it would have been. */
export const migration: Fault = {
  id: 'F22',
  name: 'kill -9 in the midst of a migration, twice',
  async strike(strike) {
    const { postgres } = strike.world;
    databases += 1;
    const name = `migrated_${databases}`;
    await postgres.query(`CREATE DATABASE ${name}`);
    try {
      for (let count = 2; count > 0; count -= 1)
        await migrate(strike, name, strike.choices.between(1, MOST_ANSWERS));
      const code = await migrate(strike, name, Infinity);
      strike.checked('I9');
      if (code !== 0)
        await strike.violate('I9', `a migration that was interrupted ended with ${code ?? 'a signal'}`);
      const [expected, actual] = [await schemaOf(strike, 'gatehold'), await schemaOf(strike, name)];
      if (expected !== actual)
        await strike.violate('I9', 'a migration that was interrupted made another schema');
    } finally {
      await postgres.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  },
};

/** Runs the migrations; killed when the server has answered so many times. Answers the exit code. */
async function migrate(strike: Strike, database: string, killAt: number): Promise<number | null> {
  const proxy = await PostgresProxy.open();
  const { world } = strike;
  proxy.leadTo(world.postgres.port);
  const { owner } = world.postgres.urls(proxy.port, database);
  const env = { PATH: process.env['PATH'] ?? '', DATABASE_URL: owner, GATEHOLD_DATA_DIR: world.folder };
  const child = spawn(process.execPath, [CLI, 'migrate'], { env, stdio: 'ignore' });
  let answers = 0;
  proxy.onAnswer = () => {
    answers += 1;
    if (answers === killAt) child.kill('SIGKILL');
  };
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code === null) strike.hit();
  await proxy.close();
  return code;
}

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
