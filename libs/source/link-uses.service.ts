import type { GatewayReply } from '#http';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';

import { LinkTally } from './link-tally.js';
import { LinkUse } from './link-use.js';
import { LinkUseStore, type LinkKey } from './link-use.store.js';
import type { Redemption } from './redemption.store.js';
import { WorkUnderWay } from './work-under-way.js';

/** Answers to GET that deliver something: the bytes, a range of them, or where they are. */
const DELIVERS: ReadonlySet<number> = new Set([200, 206, 302]);

/** Follows answers to links, to count those that were sent to their end. */
@Injectable()
export class LinkUses implements OnApplicationShutdown {
  readonly #logger = new Logger(LinkUses.name);
  private readonly work = new WorkUnderWay();

  constructor(
    private readonly store: LinkUseStore,
    private readonly tally: LinkTally,
  ) {}

  /** Connections are closed by now; what they gave back is on record before the database goes. */
  async onApplicationShutdown(): Promise<void> {
    await this.work.settled();
  }

  /**
   * Follows the answer to a GET. Answers what has to be asked before bytes are sent, where the link is limited to a
   * number of downloads; null where it is not, and where it has no row to count in.
   */
  follow({ tenantId, linkId, maxDownloads }: Redemption, reply: GatewayReply): LinkUse | null {
    if (linkId === null) return null;
    const link = { tenantId, linkId };
    if (maxDownloads === null) {
      reply.raw.once('finish', () => {
        if (DELIVERS.has(reply.statusCode)) this.tally.add(link);
      });
      return null;
    }
    return this.limited(link, reply);
  }

  private limited(link: LinkKey, reply: GatewayReply): LinkUse {
    const use = new LinkUse(this.store, link, () => reply.raw.destroy());
    let isOver = false;
    const end = (sentWhole: boolean): void => {
      if (isOver) return;
      isOver = true;
      this.work.track(use.end(sentWhole)).catch((error: unknown) => {
        this.#logger.warn({ err: error, linkId: link.linkId }, 'a use of a link could not be given back');
      });
    };
    reply.raw.once('finish', () => end(true));
    reply.raw.once('close', () => end(false));
    // Nobody hears of a client that is gone already.
    if (reply.raw.destroyed) end(false);
    return use;
  }
}
