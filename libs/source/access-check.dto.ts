import type { Refusal } from '#auth';
import { ChoiceField, PatternField, TextField } from '#http';
import { SCOPES, type Scope } from '#kernel';
import { ApiProperty } from '@nestjs/swagger';

const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** Body of `POST /v1/tenants/{tenant_id}/access-check`. */
export class AccessCheckDto {
  @PatternField({
    description: 'The token (its id).',
    pattern: UUID,
    says: 'must be a UUID',
    example: '0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e',
  })
  token_id: string;

  @ChoiceField({
    description: 'The scope of what it wants to do.',
    choices: SCOPES,
    example: 'sources:read',
  })
  action: Scope;

  @PatternField({
    description: 'A source (its UUID) to do it with: then it is about the sub-tenant that the source is in.',
    pattern: UUID,
    says: 'must be a UUID',
    optional: true,
    nullable: true,
    example: null,
  })
  source_id?: string | null;

  @TextField({
    description: 'Sub-tenant to do it in; that of the source, or else the default one, when absent.',
    max: 64,
    optional: true,
    nullable: true,
    example: null,
  })
  sub_tenant_id?: string | null;

  @TextField({
    description:
      'IP address that it would come from; the addresses that a token is bound to are left out when absent.',
    max: 64,
    optional: true,
    nullable: true,
    example: null,
  })
  address?: string | null;
}

/** Whether a token may do something. */
export class AccessAnswerDto {
  @ApiProperty({ example: false })
  allowed: boolean;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why not: the code of the error that the token would be answered.',
    example: 'insufficient_scope',
  })
  reason: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The same for people.',
    example: 'This needs a token with sources:read.',
  })
  detail: string | null;
}

/** Renders an answer. */
export function toAccessAnswer(refusal: Refusal | null): AccessAnswerDto {
  return { allowed: refusal === null, reason: refusal?.code ?? null, detail: refusal?.message ?? null };
}
