import 'reflect-metadata';

import { ConfigError, loadConfig, type GatewayConfig } from '#config';
import { EmbeddedPostgresInUseError } from '#database';

import { announce } from './banner.js';
import { startGateway } from './gateway.js';
import { createLogger } from './logging.js';
import { loadSecrets } from './secrets.js';

process.title = 'gatehold';
await main();

async function main(): Promise<void> {
  const config = readConfig();
  if (config === null) return;
  const logger = createLogger(config.log.level);
  for (const warning of config.warnings) logger.warn(warning);
  const asked = stopSignal();
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'an error that nothing handled; the process ends');
    process.exit(1);
  });
  try {
    const secrets = await loadSecrets(config);
    const gateway = await startGateway(config, secrets, logger);
    announce(config, gateway.url, secrets, logger);
    const reason = await Promise.race([asked, gateway.lost]);
    if (reason instanceof Error) {
      logger.fatal({ err: reason }, 'the database is gone; the process ends');
      process.exitCode = 1;
    } else {
      logger.info({ signal: reason }, 'stopping');
    }
    await gateway.stop();
    logger.info('stopped');
  } catch (error) {
    fail(explain(error, config));
  }
  process.exit();
}

function readConfig(): GatewayConfig | null {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    fail(error.message);
    return null;
  }
}

/** Resolves with the first signal to stop. Later ones change nothing: a drain under way is not cut short. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on('SIGTERM', resolve);
    process.on('SIGINT', resolve);
  });
}

function explain(error: unknown, config: GatewayConfig): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const { host, port } = config.http;
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is in use. Set PORT to another one.`;
  if (code === 'EACCES' && port < 1024)
    return `Port ${port} may not be opened by this user. Set PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL') return `This machine has no address ${host}. Set HOST to one it has.`;
  if (error instanceof EmbeddedPostgresInUseError) {
    return `${error.message} Set GATEHOLD_DATA_DIR to another folder, or DATABASE_URL to let several gateways share a database.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function fail(message: string): void {
  process.stderr.write(`gatehold: ${message}\n`);
  process.exitCode = 1;
}
