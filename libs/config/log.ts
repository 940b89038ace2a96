import { setting } from './define.js';
import { oneOf } from './values.js';

/** How much a gateway says; `silent` turns the log off. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What is told to the operator. */
export const log = {
  level: setting(
    'GATEHOLD_LOG_LEVEL',
    oneOf(...LOG_LEVELS),
    'info',
    'Least important lines that are written.',
  ),
} as const;
