import 'reflect-metadata';

import { announce } from './banner.js';
import type { DeploymentParts } from './deployment.js';
import { startGateway } from './gateway.js';
import { runService } from './service.js';

export type { DeploymentParts } from './deployment.js';

/** A gateway as one deployment wants it: the parts that it names, and for the rest what Gatehold brings. */
export class Gatehold {
  private constructor(private readonly parts: DeploymentParts) {}

  /** The one place where a deployment says what it is made of. Nothing is started. */
  static forRoot(parts: DeploymentParts = {}): Gatehold {
    return new Gatehold(parts);
  }

  /**
   * Takes this process over: reads the settings, starts, serves until it is told to stop, and ends the process. What
   * goes wrong is said in one line, with an exit code other than 0.
   */
  async run(): Promise<void> {
    process.title = 'gatehold';
    await runService(
      ({ config, secrets, logger }) => startGateway(config, secrets, logger, this.parts),
      ({ url }, { config, secrets, logger }) => announce(config, url, secrets, logger),
    );
  }
}
