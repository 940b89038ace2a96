import { ConfigError, loadConfig, type GatewayConfig } from '#config';
import type { Logger } from 'pino';

import { collectOnce, keepHeapSmall } from './heap.js';
import { createLogger } from './logging.js';
import { loadSecrets, type GatewaySecrets } from './secrets.js';
import { explainStartFailure } from './start-failure.js';

/** A signal to stop, or what makes going on impossible. */
type Reason = NodeJS.Signals | Error;

/** Beyond the drain limit: the pool and an embedded server need a moment each. */
const STOP_MARGIN_MS = 45_000;

/** Something that is up until it is told to stop. */
export interface RunningService {
  /** Resolves, with the reason, when something it cannot do without has gone. */
  readonly lost: Promise<Error>;
  /** Ends it in an orderly way. Repeated calls share one stop. */
  stop(): Promise<void>;
}

/** What a service is started with. */
export interface ServiceStart {
  readonly config: GatewayConfig;
  readonly secrets: GatewaySecrets;
  readonly logger: Logger;
}

/**
 * Takes this process over for one service: settings, log, signals, failures told in one line, and the exit code.
 * `ready` is called once, when the service is up.
 */
export async function runService<Service extends RunningService>(
  start: (given: ServiceStart) => Promise<Service>,
  ready: (service: Service, given: ServiceStart) => void,
): Promise<void> {
  keepHeapSmall();
  const config = readConfig();
  if (config === null) return;
  const logger = createLogger(config.log.level);
  for (const warning of config.warnings) logger.warn(warning);
  const asked = reasonToStop(logger, config.limits.drainSeconds);
  try {
    const given = { config, secrets: await loadSecrets(config), logger };
    const service = await begin(start(given), given, asked);
    if (service !== null) {
      collectOnce();
      ready(service, given);
      await stop(service, await Promise.race([asked, service.lost]), logger);
    }
    logger.info('stopped');
  } catch (error) {
    fail(explainStartFailure(error, config));
  }
  process.exit();
}

/** Null when it was asked to stop before there was anything to stop. */
async function begin<Service extends RunningService>(
  started: Promise<Service>,
  { config, logger }: ServiceStart,
  asked: Promise<Reason>,
): Promise<Service | null> {
  // With a server of somebody else's there is nothing to clear away, and the wait for its lock may be long.
  const first = config.database.url === null ? await started : await Promise.race([started, asked]);
  if (typeof first !== 'object' || first instanceof Error) {
    report(first, logger);
    return null;
  }
  return first;
}

async function stop(service: RunningService, reason: Reason, logger: Logger): Promise<void> {
  report(reason, logger);
  await service.stop();
}

function report(reason: Reason, logger: Logger): void {
  if (reason instanceof Error) {
    logger.fatal({ err: reason }, 'this process cannot go on and stops');
    process.exitCode = 1;
  } else {
    logger.info({ signal: reason }, 'stopping');
  }
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

/**
 * Resolves with the first signal to stop or the first error that nothing handled. Later signals change nothing: a
 * drain under way is not cut short. After an error nobody knows what state the process is in, so it must end even when
 * the stop does not, but an orderly one is tried, which takes the embedded server along.
 */
function reasonToStop(logger: Logger, drainSeconds: number): Promise<Reason> {
  return new Promise((resolve) => {
    // SIGHUP: the terminal was closed. The embedded server would outlive a gateway that ends of it.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, resolve);
    process.on('uncaughtException', (error) => {
      logger.fatal({ err: error }, 'an error that nothing handled');
      process.exitCode = 1;
      setTimeout(() => process.exit(1), drainSeconds * 1000 + STOP_MARGIN_MS).unref();
      resolve(error);
    });
  });
}

function fail(message: string): void {
  process.stderr.write(`gatehold: ${message}\n`);
  process.exitCode = 1;
}

/** A stop that repeated calls share. */
export function once(work: () => Promise<void>): () => Promise<void> {
  let under: Promise<void> | null = null;
  return () => (under ??= work());
}
