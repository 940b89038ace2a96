import { AddressRangesField } from '#auth';
import { IntegerField, ObjectField, ObjectListField, PatternField, TextField, TimeField } from '#http';
import { LINK_LIFE } from '#presign';

import type { UploadRequest } from './pending-upload.service.js';
import { assertMetadata } from './source-metadata.js';

/** Shortest, longest and usual life of an upload, in seconds. */
export const UPLOAD_LIFE = { min: LINK_LIFE.min, max: LINK_LIFE.max, usual: 900 } as const;

/** The most parts that a storage knows. */
const MAX_PARTS = 10_000;

/** Body of `POST /v1/uploads`. */
export class CreateUploadDto {
  @TextField({ description: 'Any Unicode text of 1 to 1,024 characters.', max: 1024, example: 'report.pdf' })
  name: string;

  @TextField({
    description: 'Media type; guessed from the name when absent. The bytes have to be sent with it.',
    max: 255,
    optional: true,
    example: 'application/pdf',
  })
  content_type?: string;

  @IntegerField({
    description:
      'Size in bytes, which the upload is held to. Large uploads come in parts only when it is given.',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    optional: true,
    example: 48213,
  })
  size_bytes?: number;

  @PatternField({
    description: 'SHA-256 of the bytes in hex, which the upload is held to.',
    pattern: /^[0-9a-fA-F]{64}$/,
    says: 'must be 64 hex digits',
    optional: true,
    example: 'ecf701f727d9e2d77c4aa49ac6fbbcc997278aca010bddeeb961c10cf54d435a',
  })
  checksum_sha256?: string;

  // Without an example: the API page would send it.
  @TextField({
    description:
      'A UUID becomes the id, anything else the external id; a fresh id when absent. A source that has it gets the bytes as ' +
      'its new content.',
    max: 1024,
    optional: true,
  })
  source_id?: string;

  @ObjectField({
    description: 'A JSON object of at most 64 KiB.',
    optional: true,
    example: { project: 'apollo' },
  })
  metadata?: Record<string, unknown>;

  @IntegerField({ description: 'Life in seconds.', ...UPLOAD_LIFE, optional: true, example: 900 })
  expires_in?: number;

  @TimeField({
    description:
      'The URLs take nothing before. Has to be before the end of the upload; its life counts from now all the same. They ' +
      "are the gateway's then, on every storage.",
    optional: true,
    nullable: true,
  })
  not_before?: string | null;

  @AddressRangesField(
    "Addresses or CIDR ranges that bytes can be sent from. Any when absent. The URLs are the gateway's then, on every " +
      'storage.',
  )
  ip_ranges?: string[] | null;
}

/** A part as its sender saw it. */
export interface SentPart {
  readonly part_number: number;
  readonly etag?: string | null;
}

/** Body of `POST /v1/uploads/{upload_id}/complete`. */
export class CompleteUploadDto {
  @ObjectListField({
    description:
      'The parts that were sent, if they are to be compared with those that have come. Not needed.',
    max: MAX_PARTS,
    optional: true,
    nullable: true,
    accepts: isSentPart,
    what: 'parts, each with a part_number and, if the storage answered one, its etag',
    properties: {
      part_number: { type: 'integer', minimum: 1, maximum: MAX_PARTS },
      etag: { type: 'string', nullable: true, description: 'The ETag that the storage answered.' },
    },
    required: ['part_number'],
    example: [{ part_number: 1, etag: '"9a0364b9e99bb480dd25e1f0284c8555"' }],
  })
  parts?: SentPart[] | null;
}

function isSentPart({ part_number: number, etag, ...rest }: Readonly<Record<string, unknown>>): boolean {
  const isNumber = Number.isInteger(number) && Number(number) >= 1 && Number(number) <= MAX_PARTS;
  const isTag = etag == null || (typeof etag === 'string' && etag.length <= 1024);
  return isNumber && isTag && Object.keys(rest).length === 0;
}

/** Requests to begin with; the first one is what the API page offers. */
export const CREATE_UPLOAD_EXAMPLES = {
  plain: { summary: 'Any bytes', value: { name: 'report.pdf' } },
  held: {
    summary: 'Exactly these bytes, within an hour',
    value: {
      name: 'report.pdf',
      content_type: 'application/pdf',
      size_bytes: 48213,
      checksum_sha256: 'ecf701f727d9e2d77c4aa49ac6fbbcc997278aca010bddeeb961c10cf54d435a',
      expires_in: 3600,
    },
  },
  limited: {
    summary: 'From one network only',
    value: { name: 'report.pdf', ip_ranges: ['127.0.0.0/8', '::1'] },
  },
};

/** What a body asks for. */
export function toUploadRequest(body: CreateUploadDto): UploadRequest {
  return {
    name: body.name,
    contentType: body.content_type,
    sizeBytes: body.size_bytes ?? null,
    checksumSha256: body.checksum_sha256?.toLowerCase() ?? null,
    sourceId: body.source_id,
    metadata: body.metadata === undefined ? null : assertMetadata(body.metadata),
    life: {
      expiresIn: body.expires_in ?? UPLOAD_LIFE.usual,
      notBefore: body.not_before == null ? null : new Date(body.not_before),
      ipRanges: body.ip_ranges ?? null,
    },
  };
}
