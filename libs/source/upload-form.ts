import {
  characterCount,
  isStorableText,
  sendContinue,
  validationFailed,
  type FormFile,
  type GatewayRequest,
} from '#http';
import { CodedError, type Principal, type TenantContext } from '#kernel';
import { Injectable } from '@nestjs/common';

import { FormDigest } from './form-digest.js';
import { isExternalId } from './source-reference.js';
import { parseMetadata } from './source-metadata.js';
import { SourceErrors } from './source.errors.js';
import { UploadService, type StagedUpload } from './upload.service.js';

/** What a form said, and its file, staged. */
export interface UploadForm {
  readonly staged: StagedUpload;
  readonly sourceId: string | undefined;
  readonly name: string | undefined;
  readonly fileName: string | undefined;
  readonly declaredType: string | undefined;
  readonly metadata: Record<string, unknown> | undefined;
}

type Fields = Partial<Record<'source_id' | 'name' | 'metadata', string>>;

const FIELDS = ['source_id', 'name', 'metadata'] as const;
const MAX_NAME = 1024;
/** More than the fields and part headers of a form can take up. */
const FORM_OVERHEAD = 1024 * 1024;

/** Reads `multipart/form-data` (RFC 7578) with one file and a few fields, in any order; the file is never in memory. */
@Injectable()
export class UploadFormReader {
  constructor(private readonly uploads: UploadService) {}

  /**
   * Stages the form's file as it passes and reads the fields. `mayCreate` is asked as soon as the id is known, so that
   * a refusal need not wait for the bytes when the id comes first. When anything is wrong, staged bytes are removed.
   */
  async read(
    context: TenantContext,
    caller: Principal,
    request: GatewayRequest,
    signal: AbortSignal,
    mayCreate: (sourceId: string) => Promise<void>,
  ): Promise<UploadForm> {
    const form: { staged?: StagedUpload; file?: FormFile; fields: Fields } = { fields: {} };
    const digest = FormDigest.of(request);
    this.uploads.assertAcceptable(formSize(request));
    sendContinue(request.raw);
    try {
      for await (const part of request.parts()) {
        if (part.type === 'file') {
          if (form.file !== undefined || part.fieldname !== 'file')
            throw wrong('file', 'one file is taken, in a part named "file"');
          form.file = part;
          form.staged = await this.uploads.stage(context, caller, {
            body: part.file,
            sizeBytes: undefined,
            checksumSha256: undefined,
            signal,
          });
          if (part.file.truncated) throw SourceErrors.formBroken('The form ended inside its file.');
        } else {
          await takeField(form.fields, part, mayCreate);
        }
      }
      if (form.staged === undefined) throw SourceErrors.fileMissing();
      await digest?.assertMatches(form.staged.stored.checksumSha256);
      return finish(form.staged, form.file, form.fields);
    } catch (error) {
      if (form.staged !== undefined) await this.uploads.discard(context, form.staged);
      throw toFormError(error);
    }
  }
}

/** The least size of the file that a form of a declared length can hold; undefined when none is declared. */
function formSize(request: GatewayRequest): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length) - FORM_OVERHEAD;
}

async function takeField(
  fields: Fields,
  part: { fieldname: string; value: unknown; valueTruncated?: boolean; fieldnameTruncated?: boolean },
  mayCreate: (sourceId: string) => Promise<void>,
): Promise<void> {
  const field = FIELDS.find((name) => name === part.fieldname);
  if (field === undefined)
    throw wrong(part.fieldname.slice(0, 100), 'is not a field of this operation', 'unknown');
  if (fields[field] !== undefined) throw wrong(field, 'may be given once only');
  if (typeof part.value !== 'string' || part.valueTruncated === true) throw wrong(field, 'is too long');
  // Browsers send a part for every input of a form, also for those left empty.
  if (part.value === '') return;
  fields[field] = part.value;
  if (field === 'source_id') {
    if (!isExternalId(part.value)) throw wrong(field, 'must be text of 1 to 1024 characters without NUL');
    await mayCreate(part.value);
  }
}

function finish(staged: StagedUpload, file: FormFile | undefined, fields: Fields): UploadForm {
  const name = fields.name;
  if (name !== undefined && !isName(name))
    throw wrong('name', `must be text of 1 to ${MAX_NAME} characters without NUL`);
  const fileName = file?.filename;
  return {
    staged,
    sourceId: fields.source_id,
    name,
    fileName: fileName !== undefined && isName(fileName) ? fileName : undefined,
    declaredType: file?.mimetype,
    metadata: fields.metadata === undefined ? undefined : parseMetadata(fields.metadata),
  };
}

function isName(text: string): boolean {
  return text.length > 0 && isStorableText(text) && characterCount(text) <= MAX_NAME;
}

function wrong(field: string, message: string, code: 'invalid' | 'unknown' = 'invalid'): CodedError {
  return validationFailed([{ field, code, message }]);
}

/** What the form parser itself complains about is the client's doing, unless it carries a status of its own. */
function toFormError(error: unknown): unknown {
  if (error instanceof CodedError) return error;
  if (typeof error === 'object' && error !== null && 'statusCode' in error) return error;
  return SourceErrors.formBroken('The form is malformed or incomplete.', error);
}
