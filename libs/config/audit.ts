import { setting } from './define.js';
import { integer, oneOf } from './values.js';

/** When what was handed out is written into the audit log. */
export const AUDIT_READS = ['buffered', 'strict', 'off'] as const;

/** What is told to tenants. */
export const audit = {
  reads: setting(
    'GATEHOLD_AUDIT_READS',
    oneOf(...AUDIT_READS),
    'buffered',
    'When reads and URLs that were handed out are written into the audit log. `buffered`: within a second, so that a ' +
      'crash loses those of a second at most. `strict`: before anything is answered, and nothing is where that fails. ' +
      '`off`: never.',
  ),
  retentionDays: setting(
    'GATEHOLD_AUDIT_RETENTION_DAYS',
    integer(0, 36_500),
    '365',
    'Days for which entries of audit logs are kept, at least 30; 0 keeps them for ever. Whole batches are removed, once ' +
      'all of one is older.',
  ),
} as const;
