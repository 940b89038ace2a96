import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';

import { LinkUseStore, type LinkKey, type UsesOfLink } from './link-use.store.js';

const WRITE_AFTER_MS = 1_000;

/**
 * Counts downloads of links without a limit. They are written together, a second after the first of them: a request pays
 * nothing for it, and a process that is killed loses a second of them.
 */
@Injectable()
export class LinkTally implements OnApplicationShutdown {
  readonly #logger = new Logger(LinkTally.name);
  #uses = new Map<string, Map<string, UsesOfLink>>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly store: LinkUseStore) {}

  /** Counts one that has gone out now. */
  add(link: LinkKey): void {
    this.#put(link.tenantId, { linkId: link.linkId, count: 1, lastUsedAt: new Date() });
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#writing = this.#writing.then(() => this.#write());
    }, WRITE_AFTER_MS).unref();
  }

  /** Nothing is sent any more, and the database goes next. */
  async onApplicationShutdown(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#writing;
    await this.#write();
  }

  #put(tenantId: string, { linkId, count, lastUsedAt }: UsesOfLink): void {
    const ofTenant = this.#uses.get(tenantId) ?? new Map<string, UsesOfLink>();
    const known = ofTenant.get(linkId)?.count ?? 0;
    this.#uses.set(tenantId, ofTenant.set(linkId, { linkId, count: known + count, lastUsedAt }));
  }

  async #write(): Promise<void> {
    const taken = this.#uses;
    this.#uses = new Map();
    for (const [tenantId, ofTenant] of taken) {
      const uses = [...ofTenant.values()];
      try {
        await this.store.add(tenantId, uses);
      } catch (error) {
        // They wait for the next that is counted: without a database no link is opened meanwhile.
        for (const use of uses) this.#put(tenantId, use);
        this.#logger.warn({ err: error, links: uses.length }, 'uses of links could not be counted yet');
      }
    }
  }
}
