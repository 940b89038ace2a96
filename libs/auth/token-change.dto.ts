import { IntegerField, TextField } from '#http';

const WEEK_SECONDS = 604_800;
/** For how long the old text works when nobody says. Seconds. */
export const USUAL_OVERLAP_SECONDS = 3_600;

/** A note, as it is taken. */
export function NoteField(): PropertyDecorator {
  return TextField({
    description: 'Whatever people should know of the token.',
    max: 1024,
    optional: true,
    nullable: true,
    example: 'Asked for by the reporting team.',
  });
}

/** Body of `PATCH /v1/tenants/{tenant_id}/tokens/{token_id}`. */
export class UpdateTokenDto {
  @TextField({
    description: 'For people; it need not be unique.',
    max: 256,
    optional: true,
    example: 'document service',
  })
  name?: string;

  @NoteField()
  note?: string | null;
}

/** Body of `POST /v1/tenants/{tenant_id}/tokens/{token_id}/rotate`. */
export class RotateTokenDto {
  @IntegerField({
    description: `How long the old text goes on working; 0 ends it at once. ${USUAL_OVERLAP_SECONDS} when absent.`,
    min: 0,
    max: WEEK_SECONDS,
    optional: true,
    nullable: true,
    example: USUAL_OVERLAP_SECONDS,
  })
  overlap_seconds?: number | null;
}
