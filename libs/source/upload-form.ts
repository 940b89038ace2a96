import {
  characterCount,
  decodeStrictUtf8,
  isStorableText,
  readFormParts,
  sendContinue,
  UNKNOWN_CONTENT_TYPE,
  untilAborted,
  validationFailed,
  type FormPart,
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

type Field = 'source_id' | 'name' | 'metadata';

/** What has been read of a form so far. */
interface Reading {
  /** The text of each field, empty for one that was left empty. */
  readonly fields: Map<Field, string>;
  file?: FormPart;
  staged?: StagedUpload;
}

/** Asked as soon as the id is known; throws when it cannot be made. */
type MayCreate = (sourceId: string) => Promise<void>;

const FIELDS: readonly Field[] = ['source_id', 'name', 'metadata'];
const MAX_NAME = 1024;
/** Most bytes of a field. */
const FIELD_LIMIT = 128 * 1024;
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
    mayCreate: MayCreate,
  ): Promise<UploadForm> {
    const form: Reading = { fields: new Map() };
    const digest = FormDigest.of(request);
    await this.uploads.assertRoom(context, formSize(request));
    sendContinue(request.raw);
    const stage = (body: AsyncIterable<Buffer>): Promise<StagedUpload> =>
      this.uploads.stage(context, caller, {
        body,
        sizeBytes: undefined,
        checksumSha256: undefined,
        objects: 1,
        signal,
      });
    try {
      for await (const part of partsOf(request, digest, signal)) {
        if (isFile(part)) await takeFile(form, part, stage);
        else await takeField(form.fields, part, mayCreate);
      }
      if (form.staged === undefined || isUnchosen(form.staged, form.file)) throw SourceErrors.fileMissing();
      digest?.assertMatches(form.staged.stored.checksumSha256);
      return finish(form.staged, form.file, form.fields);
    } catch (error) {
      if (form.staged !== undefined) await this.uploads.discard(context, form.staged);
      throw toFormError(error);
    }
  }
}

function partsOf(
  request: GatewayRequest,
  digest: FormDigest | null,
  signal: AbortSignal,
): AsyncIterable<FormPart> {
  // A refusal must leave the stream as it stands: destroying it would take the socket away before the answer is sent.
  const body = untilAborted(
    request.raw.iterator({ destroyOnReturn: false }),
    signal,
  ) as AsyncIterable<Buffer>;
  return readFormParts(digest?.watch(body) ?? body, request.headers['content-type']);
}

/** RFC 7578 §4.2 and §4.4: a file has a file name, and some senders say only that it is bytes. */
function isFile(part: FormPart): boolean {
  return part.fileName !== undefined || part.contentType?.toLowerCase() === UNKNOWN_CONTENT_TYPE;
}

/** What browsers send for a file input in which no file was chosen: no name and no bytes. */
function isUnchosen(staged: StagedUpload, file: FormPart | undefined): boolean {
  return file?.fileName === '' && staged.stored.sizeBytes === 0;
}

async function takeFile(
  form: Reading,
  part: FormPart,
  stage: (body: AsyncIterable<Buffer>) => Promise<StagedUpload>,
): Promise<void> {
  if (form.file !== undefined || part.name !== 'file')
    throw wrong('file', 'one file is taken, in a part named "file"');
  form.file = part;
  form.staged = await stage(part.body);
}

/** The least size of the file that a form of a declared length can hold; undefined when none is declared. */
function formSize(request: GatewayRequest): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length) - FORM_OVERHEAD;
}

async function takeField(fields: Map<Field, string>, part: FormPart, mayCreate: MayCreate): Promise<void> {
  const field = FIELDS.find((name) => name === part.name);
  if (field === undefined)
    throw wrong(part.name.slice(0, 100), 'is not a field of this operation', 'unknown');
  if (fields.has(field)) throw wrong(field, 'may be given once only');
  const value = await readText(field, part.body);
  fields.set(field, value);
  // Browsers send a part for every input of a form, also for those left empty.
  if (field !== 'source_id' || value === '') return;
  if (!isExternalId(value)) throw wrong(field, 'must be text of 1 to 1024 characters without NUL');
  await mayCreate(value);
}

async function readText(field: Field, body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > FIELD_LIMIT) throw wrong(field, 'is too long');
    chunks.push(chunk);
  }
  const text = decodeStrictUtf8(Buffer.concat(chunks));
  if (text === null) throw wrong(field, 'must be text in UTF-8');
  return text;
}

function finish(
  staged: StagedUpload,
  file: FormPart | undefined,
  fields: ReadonlyMap<Field, string>,
): UploadForm {
  const [sourceId, name, metadata] = FIELDS.map((field) => fields.get(field) || undefined);
  if (name !== undefined && !isName(name))
    throw wrong('name', `must be text of 1 to ${MAX_NAME} characters without NUL`);
  const fileName = file?.fileName;
  return {
    staged,
    sourceId,
    name,
    fileName: fileName !== undefined && isName(fileName) ? fileName : undefined,
    declaredType: file?.contentType,
    metadata: metadata === undefined ? undefined : parseMetadata(metadata),
  };
}

function isName(text: string): boolean {
  return text.length > 0 && isStorableText(text) && characterCount(text) <= MAX_NAME;
}

function wrong(field: string, message: string, code: 'invalid' | 'unknown' = 'invalid'): CodedError {
  return validationFailed([{ field, code, message }]);
}

/** A body that breaks off is the client's doing, and not logged as a fault of the gateway. */
function toFormError(error: unknown): unknown {
  if (error instanceof CodedError) return error;
  return SourceErrors.formBroken('The form is malformed or incomplete.', error);
}
