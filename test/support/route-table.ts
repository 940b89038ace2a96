import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freshId } from './api.js';
import { GatewayProcess } from './gateway-process.js';
import type { ThrowawayDatabase } from './test-database.js';

/** A route as the server's router has it. */
export interface Route {
  readonly method: string;
  readonly path: string;
  /** What it declares; null when it is not an operation. */
  readonly access: 'public' | 'authenticated' | { readonly anyOf: readonly string[] } | null;
  /** How the audit log tells of it; null when it does not, and says so. */
  readonly audit: { readonly change: string } | { readonly read: string } | null | 'undeclared';
}

/** Every route that the gateway's own program registers with its server. */
export async function readRouteTable(throwaway: ThrowawayDatabase): Promise<Route[]> {
  const file = join(tmpdir(), `${freshId('gatehold-routes')}.json`);
  const recorder = new URL('record-routes.mjs', import.meta.url).href;
  const gateway = await GatewayProcess.start({
    env: {
      NODE_OPTIONS: `--import=${recorder}`,
      GATEHOLD_TEST_ROUTES: file,
      DATABASE_URL: throwaway.runtimeUrl,
      DATABASE_MIGRATION_URL: throwaway.ownerUrl,
    },
  });
  await gateway.dispose();
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Route[];
  } finally {
    await rm(file, { force: true });
  }
}
