import { IntegerField, TextListField } from '#http';
import { LINK_LIFE } from '#presign';
import { ApiProperty } from '@nestjs/swagger';

import { isExternalId } from './source-reference.js';

/** The most sources that one call makes URLs for. */
export const MAX_BATCH = 1_000;

/** Body of `POST /v1/links/batch`. */
export class LinkBatchDto {
  @TextListField({
    description: 'Sources by UUID or by the id they were uploaded under, in either form.',
    max: MAX_BATCH,
    accepts: isExternalId,
    what: 'ids of 1 to 1024 characters',
    example: ['0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57', 'CortexDoc1234'],
  })
  source_ids: string[];

  @IntegerField({ description: 'Life in seconds.', ...LINK_LIFE, optional: true, example: 3600 })
  expires_in?: number;
}

/** Requests to begin with. */
export const LINK_BATCH_EXAMPLES = {
  two: {
    summary: 'Two sources, for ten minutes',
    value: { source_ids: ['0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57', 'CortexDoc1234'], expires_in: 600 },
  },
};

/** Why one source got no URL. */
export interface LinkBatchError {
  readonly code: string;
  readonly detail: string;
}

/** One source's URL, or why it got none. */
export class LinkBatchItemDto {
  @ApiProperty({ description: 'The id as it was asked for.', example: 'CortexDoc1234' })
  source_id: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Needs no token. Null with an error.',
    example: 'http://127.0.0.1:8080/l/AQIAAWszdjl4MHEybTdhYgGXyaJbHnw9',
  })
  url: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the URL really ends. Null with an error.',
    example: '2030-01-31T13:00:00.000Z',
  })
  expires_at: string | null;

  @ApiProperty({
    type: 'object',
    nullable: true,
    description: 'Why there is no URL: what a call for this source alone would answer. Null with a URL.',
    properties: {
      code: { type: 'string', example: 'source_not_found' },
      detail: { type: 'string', example: 'There is no such source.' },
    },
    required: ['code', 'detail'],
    additionalProperties: false,
    example: null,
  })
  error: LinkBatchError | null;
}

/** Answer of `POST /v1/links/batch`. */
export class LinkBatchResultDto {
  @ApiProperty({ type: [LinkBatchItemDto], description: 'An item for every id, in the order of the ids.' })
  data: LinkBatchItemDto[];
}
