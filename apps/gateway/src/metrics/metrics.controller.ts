import { Exchange, type ExchangeParts, Operation } from '#http';
import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { GatewayMetrics } from './gateway-metrics.js';

@ApiTags('Health')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: GatewayMetrics) {}

  @Get()
  @Operation({
    summary: 'What has it done, and how is it?',
    description:
      "Counters of this process in Prometheus' text format: answers, calls to storages, connections, memory. They name " +
      'no tenant and nothing that a client has chosen.',
    access: 'public',
    tenancy: 'none',
  })
  @ApiOkResponse({
    description: 'The counters.',
    content: {
      'text/plain': { schema: { type: 'string', example: 'gatehold_storages_left_alone{adapter="s3"} 0\n' } },
    },
  })
  async read(@Exchange() { reply }: ExchangeParts): Promise<string> {
    void reply.header('content-type', this.metrics.contentType);
    return await this.metrics.render();
  }
}
