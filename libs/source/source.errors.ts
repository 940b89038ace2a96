import { CodedError, type ErrorKind, type Scope } from '#kernel';
import { StorageErrors } from '#storage';

const KINDS = {
  notFound: { code: 'source_not_found', status: 404, title: 'No such source' },
  exists: { code: 'source_already_exists', status: 409, title: 'The source exists' },
  pending: { code: 'source_not_uploaded', status: 409, title: 'The source has no content yet' },
  idElsewhere: { code: 'source_id_taken', status: 409, title: 'The source id is in use' },
  uploadEnded: { code: 'upload_ended', status: 409, title: 'The upload was ended meanwhile' },
  precondition: { code: 'precondition_failed', status: 412, title: 'A condition does not hold' },
  range: { code: 'range_not_satisfiable', status: 416, title: 'The range lies outside the content' },
  contentGone: { code: 'content_unavailable', status: 500, title: 'The stored content cannot be read' },
  fileMissing: { code: 'file_missing', status: 400, title: 'The form has no file' },
  formBroken: { code: 'malformed_request', status: 400, title: 'The request cannot be parsed' },
  quotaExceeded: { code: 'quota_exceeded', status: 507, title: 'The quota is used up' },
  typeNotAllowed: { code: 'content_type_not_allowed', status: 415, title: 'The content type is not allowed' },
  scope: { code: 'insufficient_scope', status: 403, title: 'The token lacks a scope' },
} as const satisfies Record<string, ErrorKind>;

/** A quota of a tenant or sub-tenant, and what counts against it. */
interface MeteredQuota {
  readonly of: 'tenant' | 'sub_tenant';
  readonly what: 'bytes' | 'objects';
  readonly quota: number;
  readonly used: number;
}

/** Failures that concern sources. */
export const SourceErrors = {
  kinds: KINDS,
  notFound: () => new CodedError(KINDS.notFound, 'There is no such source.'),
  exists: () =>
    new CodedError(KINDS.exists, 'A source with this source_id exists; PUT its content to replace it.'),
  pending: () => new CodedError(KINDS.pending, 'The source has not been uploaded yet.'),
  idElsewhere: () => new CodedError(KINDS.idElsewhere, 'This source_id is in use in the tenant.'),
  uploadEnded: () =>
    new CodedError(KINDS.uploadEnded, 'The upload was ended before it was complete; send it again.'),
  precondition: () => new CodedError(KINDS.precondition, 'A condition in the request headers does not hold.'),
  range: () => new CodedError(KINDS.range, 'The range lies outside the content.'),
  contentGone: () => new CodedError(KINDS.contentGone, 'The stored content of this source cannot be read.'),
  quotaExceeded: ({ of, what, quota, used }: MeteredQuota, requested: number) =>
    new CodedError(
      KINDS.quotaExceeded,
      `The quota of the ${of.replace('_', '-')} is ${quota} ${what}; ${used} are used or reserved, ${requested} more were asked for.`,
      { fields: { quota_of: of, resource: what, quota, used, requested } },
    ),
  typeNotAllowed: (lists: readonly (readonly string[])[]) =>
    new CodedError(KINDS.typeNotAllowed, 'Files of this content type are not taken here.', {
      fields: { allowed_content_types: lists },
    }),
  scope: (needed: Scope) =>
    new CodedError(KINDS.scope, `This needs a token with ${needed}.`, {
      fields: { required_scopes: [needed] },
    }),
  fileMissing: () =>
    new CodedError(KINDS.fileMissing, 'The form needs a part named "file" with a file in it.'),
  formBroken: (detail: string, cause?: unknown) => new CodedError(KINDS.formBroken, detail, { cause }),
};

/** What any upload can meet on its way into the storage; for the OpenAPI document. */
export const UPLOAD_ERRORS = [
  408,
  SourceErrors.uploadEnded(),
  new CodedError(StorageErrors.uploadIncomplete, 'The upload ended before it was complete.'),
  new CodedError(StorageErrors.sizeMismatch, 'The body has another size than declared.'),
  new CodedError(StorageErrors.checksumMismatch, 'The body has another SHA-256 than declared.'),
  new CodedError(StorageErrors.insufficientStorage, 'The storage is full.'),
  SourceErrors.quotaExceeded({ of: 'tenant', what: 'bytes', quota: 1_000_000, used: 999_000 }, 4_096),
  SourceErrors.typeNotAllowed([['image/*', 'application/pdf']]),
];
