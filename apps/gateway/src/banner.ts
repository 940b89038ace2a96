import type { GatewayConfig } from '#config';
import type { Logger } from 'pino';

import type { GatewaySecrets } from './secrets.js';

/** Says where the gateway is and how to get in. The root token itself is shown to a person at a terminal only. */
export function announce(config: GatewayConfig, url: string, secrets: GatewaySecrets, logger: Logger): void {
  const docs = config.http.docs ? `${url}/docs` : null;
  const source = secrets.rootTokenFile ?? 'GATEHOLD_ROOT_TOKEN';
  if (!process.stdout.isTTY) {
    logger.info({ url, docs, data_dir: config.data.dir, root_token: source }, 'gateway ready');
    return;
  }
  const lines = [
    '',
    `  Gatehold is ready    ${url}`,
    ...(docs === null ? [] : [`  Try it               ${docs}`]),
    `  Data                 ${config.data.dir}`,
    `  Root token           ${source}`,
    ...(secrets.rootTokenFile === null ? [] : [`                       ${secrets.rootToken.reveal()}`]),
    '',
    '  Ctrl-C stops it.',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
