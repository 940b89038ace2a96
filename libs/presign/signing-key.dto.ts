import { ApiProperty } from '@nestjs/swagger';

import { SIGNING_KEY_STATUSES, type SigningKeyRow } from './signing-key.store.js';

/** A signing key, as answered: never the key itself. */
export class SigningKeyDto {
  @ApiProperty({ type: 'integer', description: 'Counts up, from 1.', example: 2 })
  key_id: number;

  @ApiProperty({
    enum: SIGNING_KEY_STATUSES,
    description:
      '`current`: signs, and what it has signed is good. `verifying`: signs no more, and what it has signed is good. ' +
      '`retired`: nothing that it has signed is good.',
    example: 'current',
  })
  status: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  retired_at: string | null;
}

/** Renders a key. */
export function toSigningKeyDto({ keyId, status, createdAt, retiredAt }: SigningKeyRow): SigningKeyDto {
  return {
    key_id: keyId,
    status,
    created_at: createdAt.toISOString(),
    retired_at: retiredAt?.toISOString() ?? null,
  };
}
