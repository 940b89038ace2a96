/**
 * Loaded into a gateway before anything else (`node --import`): SIGUSR2 has it log nothing, and the next one has it log
 * again. Two gateways differ by some percent whatever they log, and so would not show what the log of one costs.
 */
import { createRequire } from 'node:module';

const pino = createRequire(import.meta.url)('pino');
const { pino: make } = pino;
const loggers = [];

pino.pino = Object.assign((...args) => {
  const logger = make(...args);
  loggers.push(logger);
  return logger;
}, make);

process.on('SIGUSR2', () => {
  for (const logger of loggers) logger.level = logger.level === 'silent' ? 'info' : 'silent';
});
