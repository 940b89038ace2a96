import { setting } from './define.js';
import { bytes, integer, onOff } from './values.js';

const SIXTY_DAYS = 5_184_000;
const GIB = 2 ** 30;
/** The least time that an object may be without a row; more than any upload that is alive is without one. */
export const LEAST_GRACE_SECONDS = 3_600;

/** What is done beside answering requests. */
export const background = {
  workers: setting(
    'GATEHOLD_WORKERS',
    onOff,
    'on',
    'Whether this gateway works in the background too. `off` makes one that only serves; let others work, or `gatehold ' +
      'worker`, or nothing is ever removed.',
  ),
  reconcileIntervalSeconds: setting(
    'GATEHOLD_RECONCILE_INTERVAL_SECONDS',
    integer(0, SIXTY_DAYS),
    '86400',
    'Seconds between two runs in which objects and rows are compared, by whichever process comes first; 0 for none but ' +
      'those of `gatehold reconcile`.',
  ),
  reconcileApply: setting(
    'GATEHOLD_RECONCILE_APPLY',
    onOff,
    'off',
    'Whether those runs remove what belongs to nobody. `off`: they only log what they find.',
  ),
  reconcileGraceSeconds: setting(
    'GATEHOLD_RECONCILE_GRACE_SECONDS',
    integer(0, SIXTY_DAYS),
    '86400',
    'Age, by the clock of the storage, below which an object without a row is left alone. At least 3600.',
  ),
  reconcileShortGrace: setting(
    'GATEHOLD_RECONCILE_SHORT_GRACE',
    onOff,
    'off',
    'Lets `GATEHOLD_RECONCILE_GRACE_SECONDS` be less than 3600. For tests: it takes a safety margin away.',
  ),
  reconcileMaxRemovals: setting(
    'GATEHOLD_RECONCILE_MAX_REMOVALS',
    integer(0, 100_000),
    '10000',
    'The most objects that one run removes; the rest is left for the next.',
  ),
  reconcileMaxPercent: setting(
    'GATEHOLD_RECONCILE_MAX_PERCENT',
    integer(0, 100),
    '5',
    'A run that finds a greater part of the objects without a row, or of the rows without an object, removes nothing: its ' +
      'view is probably wrong. Up to ten are never too many. 100 takes this brake off.',
  ),
  verifyIntervalSeconds: setting(
    'GATEHOLD_VERIFY_INTERVAL_SECONDS',
    integer(0, SIXTY_DAYS),
    '0',
    'Seconds between the starts of two rounds in which every object is read and its checksum compared; 0 for none but ' +
      'those of `gatehold reconcile --verify`.',
  ),
  verifyBytesPerSecond: setting(
    'GATEHOLD_VERIFY_BYTES_PER_SECOND',
    bytes(1024 * GIB, '1024GiB'),
    '16MiB',
    'How fast such a round may read.',
  ),
} as const;
