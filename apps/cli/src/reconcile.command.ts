import { ConfigError, loadConfig, type GatewayConfig } from '#config';
import type { ReconcileReport, VerificationReport } from '#source';

import { createLogger } from '../../gateway/src/logging.js';
import { openMaintenance, type Maintenance } from '../../gateway/src/maintenance.js';
import { explainStartFailure } from '../../gateway/src/start-failure.js';
import { ProgressLine } from './progress.js';
import { numberOf, type ReconcileWish } from './reconcile.options.js';
import { exitCode, reportDocument, reportText, type Outcome } from './reconcile.report.js';

/**
 * Compares rows and objects, and prints what was found; the report is all that goes to standard output. Answers the exit
 * code: 0 everything agrees, 1 something was found, 2 it did not come to its end.
 */
export async function reconcile(wish: ReconcileWish): Promise<number> {
  const maxRemovals = numberOf(wish['max-removals'], 'max-removals', 100_000);
  const maxPercent = numberOf(wish['max-percent'], 'max-percent', 100);
  const stopped = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => stopped.abort(new Error('The run was stopped.')));
  const progress = new ProgressLine();
  const outcome = await run({ wish, maxRemovals, maxPercent, signal: stopped.signal, progress });
  progress.end();
  const document = reportDocument(outcome);
  console.log(wish.json ? JSON.stringify(document, null, 2) : reportText(document));
  return exitCode(document);
}

/** One run, as it was asked for. */
interface Run {
  readonly wish: ReconcileWish;
  readonly maxRemovals: number | undefined;
  readonly maxPercent: number | undefined;
  readonly signal: AbortSignal;
  readonly progress: ProgressLine;
}

async function run(asked: Run): Promise<Outcome> {
  let config: GatewayConfig | null = null;
  let maintenance: Maintenance | null = null;
  const { apply, verify: isVerifying } = asked.wish;
  try {
    config = loadConfig();
    maintenance = await openMaintenance(config, createLogger('warn', process.stderr.fd));
    const comparison = await compare(maintenance, config, asked);
    const isWanted = isVerifying && comparison.abortedBecause === null;
    const verification = isWanted ? await verify(maintenance, config, asked) : null;
    return { apply, comparison, verification, abortedBecause: null };
  } catch (error) {
    const abortedBecause =
      config === null || error instanceof ConfigError
        ? (error as Error).message
        : explainStartFailure(error, config);
    console.error(`gatehold: ${abortedBecause}`);
    return { apply, comparison: null, verification: null, abortedBecause };
  } finally {
    await maintenance?.close();
  }
}

function compare(
  { reconciler }: Maintenance,
  { background }: GatewayConfig,
  { wish, maxRemovals, maxPercent, signal, progress }: Run,
): Promise<ReconcileReport> {
  return reconciler.run({
    tenantId: wish.tenant ?? null,
    apply: wish.apply,
    graceSeconds: background.reconcileGraceSeconds,
    maxRemovals: maxRemovals ?? background.reconcileMaxRemovals,
    maxPercent: maxPercent ?? background.reconcileMaxPercent,
    passOver: false,
    signal,
    onProgress: ({ phase, tenants, rows, objects, removed }) => {
      progress.show(
        () => `${phase}: ${tenants} tenants, ${rows} rows, ${objects} objects, ${removed} removed`,
      );
    },
  });
}

function verify(
  { verification }: Maintenance,
  { background }: GatewayConfig,
  { wish, signal, progress }: Run,
): Promise<VerificationReport> {
  return verification.run({
    tenantId: wish.tenant ?? null,
    bytesPerSecond: background.verifyBytesPerSecond,
    secondsBetween: 0,
    signal,
    onProgress: ({ objects, bytes }) => progress.show(() => `verifying: ${objects} objects, ${bytes} bytes`),
  });
}
