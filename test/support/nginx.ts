import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { ForegroundServer, type Place } from './foreground-server.js';

const DEPLOYED = join(import.meta.dirname, '../../deploy/nginx');

/** Starts an nginx with one worker, so that all callers share its connections. `http` is what its http block holds. */
export function startNginx(http: (place: Place) => string): Promise<ForegroundServer> {
  return ForegroundServer.start({
    program: 'nginx',
    files: (place) => ({ 'nginx.conf': wholeConfiguration(http(place)) }),
    args: ({ folder }) => ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'],
  });
}

/** Starts an nginx with one of the files under `deploy/nginx`; port and gateway alone are put in. */
export async function startDeployedNginx(name: string, gatewayUrl: string): Promise<ForegroundServer> {
  const text = await readFile(join(DEPLOYED, name), 'utf8');
  return await startNginx(({ port }) =>
    substitute(text, {
      'listen 80;': `listen 127.0.0.1:${port};`,
      'server 127.0.0.1:8080;': `server ${new URL(gatewayUrl).host};`,
    }),
  );
}

/** Puts values into an example configuration; throws when it does not hold what is to be replaced exactly once. */
export function substitute(text: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((rest, [from, to]) => {
    if (rest.split(from).length !== 2) throw new Error(`The configuration does not have "${from}" once.`);
    return rest.replace(from, () => to);
  }, text);
}

function wholeConfiguration(http: string): string {
  // Workers of a root nginx give up their rights, and could then not enter its folder.
  const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : '';
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    daemon off;
    worker_processes 1;
    ${user}
    pid nginx.pid;
    error_log stderr warn;
    events { worker_connections 1024; }
    http {
      access_log off;
      ${folders.map((name) => `${name}_temp_path ${name};`).join('\n      ')}
      ${http}
    }
  `;
}
