import { Operation } from '#http';
import { CodedError, CommonErrors } from '#kernel';
import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { Readiness } from './readiness.js';

const OK = {
  schema: { type: 'object' as const, properties: { status: { type: 'string' as const, example: 'ok' } } },
};

@ApiTags('Health')
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  @Operation({ summary: 'Is the process alive?', access: 'public', tenancy: 'none' })
  @ApiOkResponse({ description: 'It is.', ...OK })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @Operation({
    summary: 'Can it take requests?',
    description:
      'Database and storage answer, and no shutdown is under way. Looked up once a second at most.',
    access: 'public',
    tenancy: 'none',
  })
  @ApiOkResponse({ description: 'It can.', ...OK })
  async ready(): Promise<{ status: 'ok' }> {
    if (!(await this.readiness.isReady()))
      throw new CodedError(CommonErrors.unavailable, 'The gateway is not ready.', { retryAfterSeconds: 1 });
    return { status: 'ok' };
  }
}
