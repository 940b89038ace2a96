/**
 * `npm run test:faults`: makes the clone ready, runs the fault harness, prints a report. Ends with 1 when an invariant was
 * violated or a fault that applies was left out, and with 2 when it could not begin.
 *
 *   npm run test:faults                                every fault once on each storage, with a fixed seed (about 3 minutes)
 *   npm run test:faults -- --minutes 60 --seed random  so long, with a seed that is drawn and shown
 *   npm run test:faults -- --seed 7,8,random           one run after the other
 *   npm run test:faults -- --storage filesystem        or ceph; both when absent
 *   npm run test:faults -- --only F1,F6                these faults only
 *   npm run test:faults -- --report FILE               writes the tables into a page as well
 *   npm run test:faults -- --self-test                 breaks promises on purpose, and sees whether that is found
 */
import { prepare } from './prepare.mjs';

await prepare();
// The SDK announces which Node.js it will want one day, into the midst of the report.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
await import('./typescript.mjs');
const { runFaults } = await import('../test/faults/main.ts');
process.exit(await runFaults(process.argv.slice(2)));
