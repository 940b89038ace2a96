import { setting } from './define.js';
import { integer } from './values.js';

/** How much of what cannot be right is put up with. */
export const authentication = {
  failedBurst: setting(
    'GATEHOLD_FAILED_AUTH_BURST',
    integer(0, 1_000_000),
    '1000',
    'Bad credentials (tokens, links, URLs of uploads) that may come from one address at once; those beyond get 429. A ' +
      'version 6 address counts with its /64. Good ones are never refused for others. 0 takes the limit away.',
  ),
  failedPerSecond: setting(
    'GATEHOLD_FAILED_AUTH_PER_SECOND',
    integer(1, 10_000),
    '10',
    'How many more of them there may be each second.',
  ),
} as const;
