import { setting } from './define.js';
import { oneOf } from './values.js';

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
} as const;
