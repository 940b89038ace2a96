import { CodedError, CommonErrors } from '#kernel';
import { Injectable } from '@nestjs/common';

import { ByteBudget } from './byte-budget.js';
import { ContentService } from './content.service.js';
import type { AvailableSource, Source } from './source.js';

/** Bounds of inline content, in bytes. */
export class InlineLimits {
  constructor(
    readonly maxBytes: number,
    readonly inFlightBytes: number,
  ) {}
}

const WAIT_MS = 10_000;
/** Bytes, their text or base64 form and the JSON around it are in memory together. */
const COPIES = 3;

/** Reads whole contents into memory, for answers that carry them in JSON. */
@Injectable()
export class InlineContentService {
  private readonly budget: ByteBudget;

  constructor(
    private readonly content: ContentService,
    private readonly limits: InlineLimits,
  ) {
    this.budget = new ByteBudget(limits.inFlightBytes * COPIES, WAIT_MS);
  }

  /**
   * The bytes of a source and what gives their memory back once the answer is out. Throws `payload_too_large` above the
   * inline limit, `unavailable` when too many are being read and none ends in time.
   */
  async read(
    source: AvailableSource,
    reread: () => Promise<Source>,
  ): Promise<{ source: AvailableSource; bytes: Buffer; release: () => void }> {
    if (source.sizeBytes > this.limits.maxBytes) throw this.tooLarge();
    const release = await this.budget.reserve(source.sizeBytes * COPIES);
    try {
      const body = await this.content.open(source, null, reread);
      if (body !== null) return { source, bytes: await body.bytes(), release };
    } catch (error) {
      release();
      throw error;
    }
    release();
    return await this.read(this.content.assertAvailable(await reread()), reread);
  }

  private tooLarge(): CodedError {
    return new CodedError(
      CommonErrors.payloadTooLarge,
      `The file is larger than the ${this.limits.maxBytes} bytes that are given inline; ask with mode=url for a URL.`,
    );
  }
}
