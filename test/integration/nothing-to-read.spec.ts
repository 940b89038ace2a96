import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { sharedGateway } from '../support/shared-gateway.js';
import { ask } from '../support/raw-http.js';

const { url, dataDir, root } = sharedGateway();
const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** Where servers of all kinds keep what only their operators should see. */
const NOWHERE = [
  '/',
  '/debug',
  '/debug/pprof/',
  '/debug/vars',
  '/env',
  '/.env',
  '/.git/config',
  '/.git/HEAD',
  '/actuator',
  '/actuator/env',
  '/actuator/heapdump',
  '/health',
  '/healthz',
  '/health/live/../env',
  '/status',
  '/server-status',
  '/info',
  '/version',
  '/config',
  '/config.json',
  '/package.json',
  '/package-lock.json',
  '/node_modules/fastify/package.json',
  '/minio/bootstrap/v1/verify',
  '/minio/health/cluster',
  '/minio/v2/metrics/cluster',
  '/swagger',
  '/swagger.json',
  '/openapi.yaml',
  '/graphql',
  '/admin',
  '/console',
  '/phpinfo.php',
  '/postgres/owner-password',
  '/root-token',
  '/master-key',
  '/objects/',
  '/docs/..%2f..%2fpackage.json',
  '/docs/../package.json',
  '/docs/%2e%2e/package.json',
];

/** What everybody may see, by design. */
const OPEN = ['/health/live', '/health/ready', '/metrics', '/openapi.json', '/docs'];

async function secretsOfTheGateway(): Promise<Record<string, string>> {
  const read = (name: string): Promise<string> => readFile(join(dataDir, name), 'utf8');
  const [key, owner, runtime] = await Promise.all(
    ['master-key', 'postgres/owner-password', 'postgres/runtime-password'].map(read),
  );
  return {
    'the data folder': dataDir,
    'the working folder': process.cwd(),
    'the search path': process.env['PATH'] ?? '',
    'the root token': root.token ?? '',
    'the master key': key?.trim() ?? '',
    "the owner's password": owner?.trim() ?? '',
    "the runtime role's password": runtime?.trim() ?? '',
    'the version of Node.js': process.version,
    'the version of the database': 'PostgreSQL 18',
  };
}

describe('what is told to somebody without a token (OP-02)', () => {
  it.each(NOWHERE)('%s is nothing', async (path) => {
    // Under /docs is a place for files, which is read only.
    for (const method of path.startsWith('/docs') ? ['GET'] : ['GET', 'POST']) {
      const answer = await ask(url, { method, path, headers: { accept: 'text/html' } });
      expect([method, answer.status]).toEqual([method, 404]);
      expect(answer.json).toEqual({
        type: 'about:blank',
        title: 'Nothing is here',
        status: 404,
        detail: 'Nothing is here.',
        code: 'not_found',
        request_id: expect.any(String) as unknown,
      });
    }
  });

  it.each([...OPEN, ...NOWHERE])('%s names neither software nor settings in any part', async (path) => {
    const answer = await ask(url, { path });
    const told = `${answer.text}\n${JSON.stringify(answer.headers)}`;
    for (const [what, secret] of Object.entries(await secretsOfTheGateway())) {
      expect(secret.length).toBeGreaterThan(5);
      expect([what, told.includes(secret)]).toEqual([what, false]);
    }
    expect(answer.names).not.toEqual(expect.arrayContaining(['server']));
    expect(answer.names).not.toEqual(expect.arrayContaining(['x-powered-by']));
    expect(answer.names).not.toEqual(expect.arrayContaining(['via']));
  });

  it('the state of health is one word, and the only version told is that of the API', async () => {
    expect((await ask(url, { path: '/health/live' })).json).toEqual({ status: 'ok' });
    expect((await ask(url, { path: '/health/ready' })).text).not.toMatch(/\d|host|port|\//);
    const description = (await ask(url, { path: '/openapi.json' })).json as { info: { version: string } };
    expect(description.info.version).toBe(version);
  });
});
