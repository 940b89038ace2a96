import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import type { World } from '../world/world.js';

/** What gateways wrote, looked through once for secrets, and kept beside the ledger. */
export class LogScan {
  /** Looks through what has been written since the last time. */
  scan({ gateways, secrets, output }: World): { readonly leaks: string[]; readonly lines: number } {
    const leaks: string[] = [];
    let lines = 0;
    for (const gateway of gateways) {
      const log = gateway.takeLog();
      appendFileSync(join(output, `${gateway.name}.log`), log);
      lines += log.split('\n').length - 1;
      for (const [name, secret] of secrets) if (log.includes(secret)) leaks.push(name);
    }
    return { leaks, lines };
  }
}
