import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ForegroundServer, type Place } from './foreground-server.js';
import { substitute } from './nginx.js';

const DEPLOYED = join(import.meta.dirname, '../../deploy/haproxy/haproxy.cfg');

/** Starts a haproxy with one thread, so that all callers share its connections. */
export function startHaproxy(configuration: (place: Place) => string): Promise<ForegroundServer> {
  return ForegroundServer.start({
    program: 'haproxy',
    files: (place) => ({
      'threads.cfg': 'global\n    nbthread 1\n',
      'haproxy.cfg': configuration(place),
    }),
    args: ({ folder }) => ['-db', '-f', join(folder, 'threads.cfg'), '-f', join(folder, 'haproxy.cfg')],
  });
}

/**
 * Starts a haproxy with `deploy/haproxy/haproxy.cfg`; port and gateway are put in, and whatever else `changes` says
 * (what is there, and what to put in its place).
 */
export async function startDeployedHaproxy(
  gatewayUrl: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<ForegroundServer> {
  const text = await readFile(DEPLOYED, 'utf8');
  return await startHaproxy(({ port }) =>
    substitute(text, {
      'bind :80': `bind 127.0.0.1:${port}`,
      'server one 127.0.0.1:8080': `server one ${new URL(gatewayUrl).host}`,
      ...changes,
    }),
  );
}
