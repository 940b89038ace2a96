import {
  readFormParts,
  sendContinue,
  UNKNOWN_CONTENT_TYPE,
  untilAborted,
  type FormPart,
  type GatewayRequest,
} from '#http';
import { CodedError, type Principal, type TenantContext } from '#kernel';
import { Injectable } from '@nestjs/common';

import { FormDigest } from './form-digest.js';
import { FormFields, isName, wrong, type MayCreate, type SaidFields } from './form-fields.js';
import { hashOnly, type HashedFile } from './hashed-file.js';
import { SourceErrors } from './source.errors.js';
import { UploadService, type StagedUpload } from './upload.service.js';

/** What a form said, and what has become of its file. */
export interface UploadForm<File extends HashedFile = StagedUpload> extends SaidFields {
  readonly staged: File;
  readonly fileName: string | undefined;
  readonly declaredType: string | undefined;
}

/** What has been read of the file so far. */
interface Reading<File> {
  file?: FormPart;
  staged?: File;
}

/** What is done with the parts of a form. */
interface Handling<File> {
  readonly takeFile: (body: AsyncIterable<Buffer>) => Promise<File>;
  /** Undoes that, when the form turns out to be wrong. */
  readonly giveUp: (file: File) => Promise<void>;
  readonly mayCreate: MayCreate;
}

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
    await this.uploads.assertRoom(context, formSize(request));
    return await readForm<StagedUpload>(request, signal, {
      takeFile: (body) =>
        this.uploads.stage(context, caller, {
          body,
          sizeBytes: undefined,
          checksumSha256: undefined,
          objects: 1,
          signal,
        }),
      giveUp: (staged) => this.uploads.discard(context, staged),
      mayCreate,
    });
  }

  /** Reads the same as {@link read}, for what it says alone: nothing is stored, and whether it could be is not asked. */
  async identify(request: GatewayRequest, signal: AbortSignal): Promise<UploadForm<HashedFile>> {
    const assertAcceptable = (sizeBytes: number | undefined): void =>
      this.uploads.assertAcceptable(sizeBytes);
    assertAcceptable(formSize(request));
    return await readForm(request, signal, {
      takeFile: (body) => hashOnly(body, assertAcceptable),
      giveUp: nothing,
      mayCreate: nothing,
    });
  }
}

async function nothing(): Promise<void> {}

async function readForm<File extends HashedFile>(
  request: GatewayRequest,
  signal: AbortSignal,
  handling: Handling<File>,
): Promise<UploadForm<File>> {
  const form: Reading<File> = {};
  const fields = new FormFields(handling.mayCreate);
  const digest = FormDigest.of(request);
  sendContinue(request.raw);
  try {
    for await (const part of partsOf(request, digest, signal)) {
      if (isFile(part)) await takeFile(form, part, handling.takeFile);
      else await fields.take(part);
    }
    if (form.staged === undefined || isUnchosen(form.staged, form.file)) throw SourceErrors.fileMissing();
    digest?.assertMatches(form.staged.stored.checksumSha256);
    return finish(form.staged, form.file, fields);
  } catch (error) {
    if (form.staged !== undefined) await handling.giveUp(form.staged);
    throw toFormError(error);
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
function isUnchosen(staged: HashedFile, file: FormPart | undefined): boolean {
  return file?.fileName === '' && staged.stored.sizeBytes === 0;
}

async function takeFile<File>(
  form: Reading<File>,
  part: FormPart,
  take: Handling<File>['takeFile'],
): Promise<void> {
  if (form.file !== undefined || part.name !== 'file')
    throw wrong('file', 'one file is taken, in a part named "file"');
  form.file = part;
  form.staged = await take(part.body);
}

/** The least size of the file that a form of a declared length can hold; undefined when none is declared. */
function formSize(request: GatewayRequest): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length) - FORM_OVERHEAD;
}

function finish<File extends HashedFile>(
  staged: File,
  file: FormPart | undefined,
  fields: FormFields,
): UploadForm<File> {
  const fileName = file?.fileName;
  return {
    staged,
    ...fields.read(),
    fileName: fileName !== undefined && isName(fileName) ? fileName : undefined,
    declaredType: file?.contentType,
  };
}

/** A body that breaks off is the client's doing, and not logged as a fault of the gateway. */
function toFormError(error: unknown): unknown {
  if (error instanceof CodedError) return error;
  return SourceErrors.formBroken('The form is malformed or incomplete.', error);
}
