/** `npm run cli -- <command>`: makes the clone ready, then becomes the `gatehold` command. */
import { prepare } from './prepare.mjs';

await prepare();
await import('../dist/apps/cli/src/main.js');
