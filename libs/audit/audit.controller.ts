import {
  ApiPage,
  Caller,
  Context,
  Operation,
  pageRequest,
  renderPage,
  type GatewayReply,
  type PageDto,
} from '#http';
import type { Principal, TenantContext } from '#kernel';
import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Readable } from 'node:stream';

import { AuditEntryDto, AuditExportQuery, AuditQuery, filterOf, toEntryDto } from './audit.dto.js';
import type { AuditEntry } from './audit-event.js';
import { AuditService } from './audit.service.js';

const READ = {
  access: { anyOf: ['audit:read'] },
  tenancy: 'tenant',
  audit: { read: 'audit.read' },
} as const;
const NDJSON = 'application/x-ndjson';

@ApiTags('Audit')
@Controller('v1/audit')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @Operation({
    ...READ,
    summary: 'List what was done',
    description:
      "The tenant's log, newest first. A token narrowed to some sub-tenants sees what was done in those, and nothing of " +
      'the tenant as a whole.',
    errors: [400, 422],
  })
  @ApiPage(AuditEntryDto)
  async list(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Query() query: AuditQuery,
  ): Promise<PageDto<AuditEntryDto>> {
    const request = pageRequest(query);
    const page = await this.audit.list(caller, context, filterOf(query), request);
    return renderPage(page, request.limit, toEntryDto);
  }

  @Get('export')
  @Operation({
    ...READ,
    summary: 'Export what was done',
    description: 'As the list, all of it in one answer: a JSON object in every line.',
    errors: [422],
  })
  @ApiOkResponse({
    description: 'Entries, newest first.',
    content: { [NDJSON]: { schema: { type: 'string' }, example: '{"action":"token.create"}\n' } },
  })
  async export(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Query() query: AuditExportQuery,
    @Res() reply: GatewayReply,
  ): Promise<void> {
    const pages = this.audit.all(caller, context, filterOf(query));
    // The first page is there before anything is answered, so that what fails at once is answered as an error.
    const first = await pages.next();
    void reply.type(NDJSON).send(Readable.from(linesOf(first, pages)));
  }
}

async function* linesOf(
  first: IteratorResult<AuditEntry[], unknown>,
  rest: AsyncGenerator<AuditEntry[]>,
): AsyncGenerator<string> {
  if (first.done === true) return;
  yield lines(first.value);
  for await (const page of rest) yield lines(page);
}

function lines(page: readonly AuditEntry[]): string {
  return page.map((entry) => `${JSON.stringify(toEntryDto(entry))}\n`).join('');
}
