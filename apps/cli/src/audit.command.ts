import type { AuditReport } from '#audit';
import { ConfigError, loadConfig, type GatewayConfig } from '#config';

import { createLogger } from '../../gateway/src/logging.js';
import { openMaintenance, type Maintenance } from '../../gateway/src/maintenance.js';
import { explainStartFailure } from '../../gateway/src/start-failure.js';

/** For `parseArgs`. */
export interface AuditWish {
  readonly tenant?: string;
  readonly json: boolean;
}

/**
 * Looks whether audit logs are as they were sealed, and prints what was found. Answers the exit code: 0 all are, 1
 * something is not, 2 it could not be looked at.
 */
export async function verifyAudit({ tenant, json }: AuditWish): Promise<number> {
  let config: GatewayConfig | null = null;
  let maintenance: Maintenance | null = null;
  try {
    config = loadConfig();
    maintenance = await openMaintenance(config, createLogger('warn', process.stderr.fd));
    const report = await maintenance.audit.run(tenant ?? null);
    console.log(json ? JSON.stringify(report, null, 2) : textOf(report));
    return report.findings.length === 0 ? 0 : 1;
  } catch (error) {
    const reason =
      config === null || error instanceof ConfigError
        ? (error as Error).message
        : explainStartFailure(error, config);
    console.error(`gatehold: ${reason}`);
    return 2;
  } finally {
    await maintenance?.close();
  }
}

function textOf({ tenants, batches, entries, unsealed, findings, heads }: AuditReport): string {
  return [
    ...findings.map(({ tenantId, message }) => `${tenantId}: ${message}`),
    ...Object.entries(heads).map(([tenantId, head]) => `${tenantId}: newest batch ${head}`),
    `${tenants} logs, ${batches} batches, ${entries} entries, ${unsealed} of them not sealed yet; ${findings.length} findings`,
  ].join('\n');
}
