import { join } from 'node:path';

import { expect } from '@jest/globals';

import { Api, makeTenant, type TestTenant } from './api.js';
import { eventually } from './eventually.js';
import { GatewayProcess, isRunning, type GatewayOptions } from './gateway-process.js';
import { openDescriptors } from './open-descriptors.js';
import { ask, type Question, type Reply } from './raw-http.js';

/** A bound on hanging, not on speed: the machine may be busy with other suites. */
const ANSWER_LIMIT_MS = 30_000;
/** Fills every pool the gateway has, so that afterwards only what is left behind adds descriptors. */
const WARM_UP = 30;

/** Resolves or rejects as `work` does, and rejects when that takes longer than any answer may: a hang is a failure. */
export async function withinDeadline<T>(
  what: string,
  work: Promise<T>,
  limitMs = ANSWER_LIMIT_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${limitMs} ms to ${what}.`)), limitMs);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** A gateway of a suite's own with one tenant in it, for input that is generated. */
export class PropertyGateway {
  private constructor(
    readonly gateway: GatewayProcess,
    readonly root: Api,
    readonly tenant: TestTenant,
    private readonly baseline: number,
  ) {}

  /** Starts it, makes the tenant, and counts what it has open at rest. */
  static async start(options: GatewayOptions = {}): Promise<PropertyGateway> {
    const gateway = await GatewayProcess.start(options);
    const root = new Api(gateway.url, gateway.rootToken);
    const tenant = await makeTenant(root);
    const { token } = tenant.viewer;
    await Promise.all(
      Array.from({ length: WARM_UP }, () => ask(gateway.url, { path: '/v1/sources', token })),
    );
    const baseline = (await openDescriptors(gateway.pid)).length;
    return new PropertyGateway(gateway, root, tenant, baseline);
  }

  /** Where it listens. */
  get url(): string {
    return this.gateway.url;
  }

  /** One request on a connection of its own, its path sent as it is. Throws on a 5xx and when no answer comes. */
  async ask(question: Question): Promise<Reply> {
    const what = `${question.method ?? 'GET'} ${question.path.slice(0, 200)}`;
    const reply = await withinDeadline(what, ask(this.url, question));
    if (reply.status >= 500) throw new Error(`${reply.status} to ${what}: ${reply.text.slice(0, 500)}`);
    return reply;
  }

  /**
   * The same process still runs and answers, has said nothing of an error that nobody caught, and has no more open than
   * at rest: no file of a tenant, and, within two, no socket.
   */
  async expectUnharmed(): Promise<void> {
    expect(await isRunning(this.gateway.pid)).toBe(true);
    expect((await this.ask({ path: '/health/live' })).status).toBe(200);
    await eventually('descriptors as they were', async () => {
      const open = await openDescriptors(this.gateway.pid);
      const objects = open.filter((target) => target.startsWith(join(this.gateway.dataDir, 'objects')));
      return objects.length === 0 && open.length <= this.baseline + 2;
    });
    expect(this.gateway.child.exitCode).toBeNull();
    expect(this.gateway.log).not.toMatch(/nothing handled|uncaught|unhandled/i);
  }

  /** Stops it and removes its data folder. */
  async dispose(): Promise<void> {
    await this.gateway.dispose();
  }
}
