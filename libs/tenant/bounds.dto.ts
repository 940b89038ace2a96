import { IntegerField, TextListField } from '#http';
import { ApiProperty } from '@nestjs/swagger';

import type { Bounds } from './bounds.js';

/** A type or all of a kind: the restricted names of RFC 6838 §4.2. */
const TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]{0,126})$/;
const OPTIONAL = { optional: true, nullable: true } as const;

/** Bounds in a body: absent leaves one as it is, null takes it away. */
export class BoundsBody {
  @IntegerField({
    description: 'Bytes that all sources together may have; uploads under way count. `null`: no quota.',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    ...OPTIONAL,
    example: 1_000_000_000,
  })
  quota_bytes?: number | null;

  @IntegerField({
    description: 'How many sources there may be; uploads under way count. `null`: no quota.',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    ...OPTIONAL,
    example: 100_000,
  })
  quota_objects?: number | null;

  @IntegerField({
    description: "Bytes that one source may have. `null`: the operator's limit alone.",
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    ...OPTIONAL,
    example: 50_000_000,
  })
  max_upload_bytes?: number | null;

  @TextListField({
    description: 'Content types that are taken, such as `application/pdf` or `image/*`. `null`: all.',
    max: 100,
    accepts: (item) => TYPE.test(item),
    what: 'of media types in lower case, such as application/pdf or image/*',
    ...OPTIONAL,
    example: ['application/pdf', 'image/*'],
  })
  allowed_content_types?: string[] | null;
}

const BYTES = { type: 'integer', nullable: true } as const;

/** Bounds in an answer. */
export class BoundsDto {
  @ApiProperty({ ...BYTES, example: null })
  quota_bytes: number | null;

  @ApiProperty({ ...BYTES, example: null })
  quota_objects: number | null;

  @ApiProperty({ ...BYTES, example: null })
  max_upload_bytes: number | null;

  @ApiProperty({ type: [String], nullable: true, example: null })
  allowed_content_types: string[] | null;
}

/** What of the bounds a body changes. */
export function boundsOf(body: BoundsBody): Partial<Bounds> {
  return {
    ...(body.quota_bytes === undefined ? {} : { quotaBytes: body.quota_bytes }),
    ...(body.quota_objects === undefined ? {} : { quotaObjects: body.quota_objects }),
    ...(body.max_upload_bytes === undefined ? {} : { maxUploadBytes: body.max_upload_bytes }),
    ...(body.allowed_content_types === undefined ? {} : { allowedContentTypes: body.allowed_content_types }),
  };
}

/** Renders bounds. */
export function toBoundsDto(bounds: Bounds): BoundsDto {
  return {
    quota_bytes: bounds.quotaBytes,
    quota_objects: bounds.quotaObjects,
    max_upload_bytes: bounds.maxUploadBytes,
    allowed_content_types: bounds.allowedContentTypes,
  };
}
