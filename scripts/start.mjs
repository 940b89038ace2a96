/**
 * `npm start`: makes the clone ready, then becomes the gateway. The gateway runs in this very process, so that
 * signals reach it directly, its exit code is the command's, and no wrapper stays behind.
 */
import { prepare } from './prepare.mjs';

await prepare();
await import('../dist/apps/gateway/src/main.js');
