import type { GatewayConfig } from '#config';
import type { Patience } from '#http';

/** How slow clients may be, as configured. */
export function patienceOf({ limits }: GatewayConfig): Patience {
  return {
    idleMs: limits.idleTimeoutSeconds * 1000,
    headersMs: limits.headerTimeoutSeconds * 1000,
    keepAliveMs: limits.keepAliveSeconds * 1000,
    minimumRate: {
      bytesPerSecond: limits.minimumBytesPerSecond,
      windowMs: limits.minimumRateSeconds * 1000,
    },
  };
}
