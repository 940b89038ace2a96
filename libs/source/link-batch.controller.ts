import {
  Caller,
  Context,
  Exchange,
  JsonList,
  isPlainJsonText,
  onSent,
  Operation,
  type ExchangeParts,
} from '#http';
import { BufferPool, CodedError, momentText, type Principal, type TenantContext } from '#kernel';
import type { IssuedUrl, SignedLink } from '#presign';
import { Body, Controller, Header, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { LINK_BATCH_EXAMPLES, LinkBatchDto, LinkBatchResultDto, MAX_BATCH } from './link-batch.dto.js';
import { LinkBatchService } from './link-batch.service.js';
import { readBatchWish } from './link-batch-wish.js';

@ApiTags('Links')
@Controller('v1/links/batch')
export class LinkBatchController {
  constructor(private readonly batches: LinkBatchService) {}

  @Post()
  // The URLs in the answer are credentials.
  @Header('cache-control', 'no-store')
  @Operation({
    summary: 'Get URLs for many sources',
    audit: { read: 'link.issue' },
    description:
      'Download URLs for up to 1,000 sources of the sub-tenant, each opening its file as an attachment, in the way that ' +
      'delivery is set for the tenant. They have no rows: they are not listed and cannot be taken back one by one. An ' +
      'id that gets no URL says why, and the others get theirs.',
    access: { anyOf: ['links:manage'] },
    tenancy: 'context',
    body: 'json',
    idempotent: 'effectless',
  })
  @ApiBody({ type: LinkBatchDto, examples: LINK_BATCH_EXAMPLES })
  @ApiOkResponse({ type: LinkBatchResultDto, description: 'A URL or an error for every id.' })
  async create(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Exchange() { request, reply }: ExchangeParts,
    @Body() body: Record<string, unknown>,
  ): Promise<Buffer> {
    const wish = await readBatchWish(body);
    // A thousand ids are known twice by now, and whoever has called this keeps the body until it is answered.
    body['source_ids'] = undefined;
    const place = ANSWERS.take(bytesFor(wish.ids.count));
    const list = new JsonList('{"data":', place);
    const handed: string[] = [];
    const item = new ItemWriter(list);
    await this.batches.issue(context, caller, wish, (id, outcome, sourceId) => {
      item.add(id, outcome);
      if (sourceId !== null && !(outcome instanceof CodedError)) handed.push(sourceId);
    });
    const { tenantId, subTenantId } = context;
    request.handedOut = handed.length === 0 ? null : { tenantId, subTenantId, sourceIds: handed.join() };
    void reply.header('content-type', 'application/json; charset=utf-8');
    // From here on nobody writes there, whoever answers.
    onSent(reply.raw, () => ANSWERS.giveBack(place));
    return list.end('}');
  }
}

/** Bytes of an answer for so many ids that are UUIDs, with links of the gateway's own. */
const bytesFor = (ids: number): number => 256 + ids * 288;
const MOST_BYTES = bytesFor(MAX_BATCH);
/** Where answers are put together. */
const ANSWERS = new BufferPool({ bytes: MOST_BYTES, leastBytes: MOST_BYTES / 4, mostFree: 8 });

/** Adds {@link LinkBatchItemDto}s to a list. */
class ItemWriter {
  /** All of a batch end at the same moment, or nearly so. */
  #end: Date | null = null;
  #afterUrl = '';

  constructor(private readonly list: JsonList) {}

  add(id: string, outcome: IssuedUrl): void {
    if (outcome instanceof CodedError) {
      const error = { code: outcome.kind.code, detail: outcome.message };
      this.list.add(JSON.stringify({ source_id: id, url: null, expires_at: null, error }));
      return;
    }
    const { url } = outcome;
    const after = this.#after(outcome);
    if (isPlainJsonText(id)) this.list.addAscii(`{"source_id":"${id}","url":"${url}"${after}`);
    else this.list.add(`{"source_id":${JSON.stringify(id)},"url":"${url}"${after}`);
  }

  #after({ expiresAt }: SignedLink): string {
    if (expiresAt !== this.#end) {
      this.#end = expiresAt;
      this.#afterUrl = `,"expires_at":"${momentText(expiresAt)}","error":null}`;
    }
    return this.#afterUrl;
  }
}
