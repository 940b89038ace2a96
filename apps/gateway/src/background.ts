import type { GatewayConfig } from '#config';
import { ReconcileSettings } from '#source';

/** What the settings say of runs that nobody asks for. */
export function reconcileSettings({ background }: GatewayConfig): ReconcileSettings {
  const {
    reconcileApply: apply,
    reconcileGraceSeconds: graceSeconds,
    reconcileMaxRemovals: maxRemovals,
    reconcileMaxPercent: maxPercent,
    reconcileIntervalSeconds,
    verifyIntervalSeconds: everySeconds,
    verifyBytesPerSecond: bytesPerSecond,
  } = background;
  return new ReconcileSettings({ apply, graceSeconds, maxRemovals, maxPercent }, reconcileIntervalSeconds, {
    everySeconds,
    bytesPerSecond,
  });
}
