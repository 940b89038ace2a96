import { BooleanField, ChoiceField, IntegerField, TextField } from '#http';
import { LINK_LIFE } from '#presign';
import { ApiProperty } from '@nestjs/swagger';

/** What the answer carries: the content, a URL, or both. */
export type FetchMode = 'content' | 'url' | 'both';

/** Body of the fetch call. Unknown fields are ignored. */
export class FetchRequestDto {
  @TextField({ description: 'Tenant the file belongs to.', max: 1024, example: 'acme' })
  tenant_id: string;

  @TextField({
    description: 'Id of the file: its UUID, or the id it was uploaded under.',
    max: 1024,
    optional: true,
    example: 'CortexDoc1234',
  })
  source_id?: string;

  @TextField({ description: 'The same as `source_id`.', max: 1024, optional: true })
  id?: string;

  @TextField({
    description: 'The default sub-tenant when absent, null, empty, `default` or the tenant id.',
    min: 0,
    max: 1024,
    optional: true,
    nullable: true,
    example: 'default',
  })
  sub_tenant_id?: string | null;

  @ChoiceField({
    description: '`content` when absent.',
    choices: ['content', 'url', 'both'],
    optional: true,
    example: 'both',
  })
  mode?: FetchMode;

  @BooleanField({
    description: 'Looked at when `mode` is absent: true means `content`, false means `url`.',
    optional: true,
  })
  return_content?: boolean;

  @IntegerField({ description: 'Life of the URL in seconds.', ...LINK_LIFE, optional: true, example: 3600 })
  expiry_seconds?: number;
}

/** Answer of the fetch call. What does not apply is null. */
export class FetchResponseDto {
  @ApiProperty({ description: 'The id that was asked for.', example: 'CortexDoc1234' })
  source_id: string;

  @ApiProperty({ example: 'CortexDoc1234' })
  id: string;

  @ApiProperty({ example: true })
  success: true;

  @ApiProperty({ type: String, nullable: true, description: 'Textual files: the text.', example: 'Hello.' })
  content: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'All other files: the bytes in base64.',
    example: null,
  })
  content_base64: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'http://127.0.0.1:8080/l/AQIAAWszdjl4MHEybTdhYgGXyaJbHnw9',
  })
  presigned_url: string | null;

  @ApiProperty({ example: 'text/plain' })
  content_type: string;

  @ApiProperty({ type: 'integer', example: 6 })
  size_bytes: number;

  @ApiProperty({ example: 'File fetched successfully' })
  message: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  error: null;

  @ApiProperty({
    required: false,
    format: 'date-time',
    description: 'When the URL ends; with a URL only.',
    example: '2030-01-31T13:00:00.000Z',
  })
  expires_at?: string;
}
