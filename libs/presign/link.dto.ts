import { ChoiceField, IntegerField, PageQuery, PatternField, TextField } from '#http';
import { ApiProperty } from '@nestjs/swagger';

import type { LinkRow } from './link.store.js';

/** Shortest, longest and usual life of a URL, in seconds. */
export const LINK_LIFE = { min: 60, max: 604_800, usual: 3_600 } as const;

const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** Body of `POST /v1/sources/{source_id}/links`. */
export class CreateLinkDto {
  @IntegerField({ description: 'Life in seconds.', ...LINK_LIFE, optional: true, example: 3600 })
  expires_in?: number;

  @TextField({
    description: "Name the file is saved under; the source's own when absent.",
    max: 1024,
    optional: true,
    nullable: true,
    example: 'report.pdf',
  })
  filename?: string | null;

  @ChoiceField({
    description: 'Active content is always an attachment.',
    choices: ['attachment', 'inline'],
    optional: true,
    example: 'attachment',
  })
  disposition?: 'attachment' | 'inline';
}

/** Requests to begin with; the first one is what the API page offers. */
export const CREATE_LINK_EXAMPLES = {
  hour: { summary: 'For an hour', value: { expires_in: 3600 } },
  named: {
    summary: 'For a day, shown in the browser, under another name',
    value: { expires_in: 86_400, disposition: 'inline', filename: 'Quarterly report.pdf' },
  },
};

/** Query of `GET /v1/links`. */
export class LinkListQuery extends PageQuery {
  @PatternField({
    description: 'Links to this source (its UUID).',
    pattern: UUID,
    says: 'must be a UUID',
    optional: true,
  })
  source_id?: string;

  @PatternField({
    description: 'Links issued by this token.',
    pattern: UUID,
    says: 'must be a UUID',
    optional: true,
  })
  token_id?: string;
}

/** A managed link, as answered. */
export class LinkDto {
  @ApiProperty({ format: 'uuid', example: '0197c9a4-77de-7f10-a2b3-c4d5e6f70819' })
  link_id: string;

  @ApiProperty({ format: 'uuid', example: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57' })
  source_id: string;

  @ApiProperty({
    format: 'uuid',
    description: 'Token that issued it.',
    example: '0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e',
  })
  token_id: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  filename: string | null;

  @ApiProperty({ enum: ['attachment', 'inline'], example: 'attachment' })
  disposition: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T13:00:00.000Z' })
  expires_at: string;
}

/** A link just made: the only answer that holds the URL. */
export class IssuedLinkDto extends LinkDto {
  @ApiProperty({
    description: 'Needs no token. Whoever has it has the file until it ends.',
    example: 'http://127.0.0.1:8080/l/AQIAAWszdjl4MHEybTdhYgGXyaJbHnw9',
  })
  url: string;
}

/** Renders a link. */
export function toLinkDto(link: LinkRow): LinkDto {
  return {
    link_id: link.linkId,
    source_id: link.sourceId,
    token_id: link.tokenId,
    filename: link.filename,
    disposition: link.disposition,
    created_at: link.createdAt.toISOString(),
    expires_at: link.expiresAt.toISOString(),
  };
}
