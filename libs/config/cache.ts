import { optional, setting } from './define.js';
import { bytes, onOff } from './values.js';

const GIB = 2 ** 30;

/** What is kept of what was read. */
export const cache = {
  enabled: setting(
    'GATEHOLD_CACHE',
    onOff,
    'on',
    'Whether what was read of tokens, tenants, sources and links is kept until it changes. Changes are heard of over one ' +
      'more connection to PostgreSQL, which has to last: with a pooler between transactions before the database nothing ' +
      'is kept. `off`: every request reads everything.',
  ),
  bytes: setting(
    'GATEHOLD_CACHE_SIZE',
    bytes(64 * GIB, '64GiB'),
    '8MiB',
    'About how much memory that may take: it is estimated, not measured.',
  ),
  contentBytes: optional(
    'GATEHOLD_CONTENT_CACHE_SIZE',
    bytes(64 * GIB, '64GiB'),
    'none are kept',
    'Memory for contents of at most 64 KiB that were asked for a moment ago. Who may have them is decided for each request, ' +
      'as ever, and bytes are kept for a minute at most.',
  ),
} as const;
