import { CodedError, CommonErrors, newUuid } from '#kernel';
import {
  abortFailure,
  type BodySource,
  type CallOptions,
  type KeyPrefix,
  MultipartUploads,
  type ObjectHead,
  type ObjectKey,
  parseKeyPrefix,
  type PartOptions,
  StorageErrors,
  type UnfinishedUpload,
  type UnfinishedUploadPage,
  UploadBody,
  type UploadedPart,
} from '#storage';
import { Assembly } from './assembly.js';
import { readFailure, writeFailure } from './filesystem.errors.js';
import type { FolderTree } from './folder-tree.js';
import type { Folder } from './folder.js';
import { closedHead, openObject } from './object-file.js';
import { keyAt } from './object-list.js';
import { objectPlace } from './object-place.js';
import { TemporaryFile } from './temporary-file.js';
import { type Path, TreePage } from './tree-page.js';
import { parseUploadFile, UploadFiles, unlinkIfThere } from './upload-files.js';

const PAGE = 1000;
const MAX_PARTS = 10_000;

/**
 * Parts as hidden files beside the place of the object. To complete is to write them one after the other into a new file,
 * which is then published as a put's is, so for a moment an object takes twice its size. Parts survive loss of power.
 */
export class FilesystemMultipartUploads extends MultipartUploads {
  readonly limits = {
    minPartBytes: 1,
    maxPartBytes: Number.MAX_SAFE_INTEGER,
    maxParts: MAX_PARTS,
    equalParts: false,
  };

  constructor(private readonly tree: FolderTree) {
    super();
  }

  async create(key: ObjectKey, { signal }: CallOptions = {}): Promise<string> {
    const { folders, upload } = placeOf(key, newUuid());
    if (signal?.aborted) throw abortFailure(signal);
    try {
      await this.tree.within(folders, (folder) => writeMark(folder, upload));
      return upload.uploadId;
    } catch (error) {
      throw writeFailure(error);
    }
  }

  async putPart(
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    source: BodySource,
    { sizeBytes, signal }: PartOptions,
  ): Promise<UploadedPart> {
    const { folders, upload } = placeOf(key, uploadId);
    if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > MAX_PARTS)
      throw new CodedError(CommonErrors.internal, 'A part number is out of bounds.');
    const body = new UploadBody(source, { expectedSize: sizeBytes, signal });
    try {
      const entityTag = await this.#in(folders, (folder) => writePart(folder, upload, partNumber, body));
      if (entityTag === null) throw uploadGone();
      return { partNumber, sizeBytes, entityTag };
    } finally {
      body.close();
    }
  }

  async listParts(key: ObjectKey, uploadId: string, { signal }: CallOptions = {}): Promise<UploadedPart[]> {
    const { folders, upload } = placeOf(key, uploadId);
    if (signal?.aborted) throw abortFailure(signal);
    const parts = await this.#in(folders, (folder) => upload.listParts(folder));
    if (parts === null) throw uploadGone();
    return parts;
  }

  async complete(
    key: ObjectKey,
    uploadId: string,
    parts: readonly UploadedPart[],
    { signal }: CallOptions = {},
  ): Promise<ObjectHead> {
    const { folders, upload } = placeOf(key, uploadId);
    if (signal?.aborted) throw abortFailure(signal);
    checkParts(parts);
    const pathOf = (name: string) => this.tree.pathOf([...folders, name]);
    const assembly = new Assembly(parts, (number) => pathOf(upload.part(number)), signal);
    const place = pathOf(upload.name);
    await this.#in(folders, (folder) => publish(folder, upload, assembly, place));
    const object = await openObject(place);
    const head = object && (await closedHead(object));
    // The upload may have been gone before: completed by an earlier call whose answer was lost, or aborted.
    if (head?.sizeBytes !== assembly.sizeBytes) throw uploadGone();
    return head;
  }

  async abort(key: ObjectKey, uploadId: string, { signal }: CallOptions = {}): Promise<void> {
    const { folders, name } = objectPlace(key);
    if (signal?.aborted) throw abortFailure(signal);
    const upload = new UploadFiles(name, uploadId);
    if (upload.isPossible) await this.#in(folders, (folder) => upload.remove(folder));
  }

  async listUnfinished(
    prefix: KeyPrefix,
    { after, signal }: CallOptions & { readonly after?: string | undefined } = {},
  ): Promise<UnfinishedUploadPage> {
    const from = parseKeyPrefix(prefix).split('/');
    try {
      const page = new TreePage(this.tree, { pick: unfinished, after, limit: PAGE, signal });
      const { items, next } = await page.run(from);
      return { uploads: items, next };
    } catch (error) {
      throw readFailure(error);
    }
  }

  /** Works in the upload's folder; null when there is not even that. */
  async #in<T>(folders: readonly string[], work: (folder: Folder) => Promise<T>): Promise<T | null> {
    try {
      const folder = await this.tree.find(folders);
      if (folder === null) return null;
      return await work(folder).finally(() => folder.close());
    } catch (error) {
      throw writeFailure(error);
    }
  }
}

async function writeMark(folder: Folder, upload: UploadFiles): Promise<void> {
  const file = await TemporaryFile.create(folder);
  try {
    await file.finish();
    await file.replace(upload.mark);
  } catch (error) {
    await file.discard();
    throw error;
  }
}

async function writePart(
  folder: Folder,
  upload: UploadFiles,
  partNumber: number,
  body: UploadBody,
): Promise<string> {
  if (!(await upload.touch(folder))) throw uploadGone();
  const file = await TemporaryFile.create(folder);
  try {
    for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) await file.append(chunk);
    await file.finish();
    body.throwIfAborted();
    const entityTag = await file.replace(upload.part(partNumber));
    if (await upload.touch(folder)) return entityTag;
  } catch (error) {
    await file.discard();
    throw error;
  }
  // The upload went while the part came, and whoever removed it may have looked before the part was there.
  await unlinkIfThere(folder.at(upload.part(partNumber)));
  throw uploadGone();
}

/** Makes the object and removes the upload. Does nothing when the upload is gone, whenever that shows. */
async function publish(
  folder: Folder,
  upload: UploadFiles,
  assembly: Assembly,
  place: string,
): Promise<void> {
  if (!(await upload.touch(folder))) return;
  const file = await TemporaryFile.create(folder);
  try {
    await assembly.writeTo(file);
    await file.finish();
    await file.publish(upload.name);
  } catch (error) {
    await file.discard();
    if (!(await upload.touch(folder))) return;
    // An earlier call may have made the object and died before it removed the parts.
    const isTaken = error instanceof CodedError && error.kind === StorageErrors.objectExists;
    if (!isTaken || !(await assembly.isAt(place))) throw error;
  }
  await upload.remove(folder);
}

async function unfinished(_folder: Folder, path: Path): Promise<UnfinishedUpload | null> {
  const file = parseUploadFile(path.at(-1) ?? '');
  if (file?.isMark !== true) return null;
  const { name, uploadId } = file.upload;
  // An upload's id is a UUID of version 7, which begins with the time it was made at (RFC 9562, section 5.7).
  const startedAt = new Date(parseInt(uploadId.replace('-', '').slice(0, 12), 16));
  return { key: keyAt(path, name), uploadId, startedAt };
}

/** Throws `invalid_object_key`, and `upload_not_found` for an id that the gateway never makes. */
function placeOf(
  key: ObjectKey,
  uploadId: string,
): { readonly folders: readonly string[]; readonly upload: UploadFiles } {
  const { folders, name } = objectPlace(key);
  const upload = new UploadFiles(name, uploadId);
  if (!upload.isPossible) throw uploadGone();
  return { folders, upload };
}

function checkParts(parts: readonly UploadedPart[]): void {
  const isInOrder = parts.every(({ partNumber }, at) => partNumber > (parts[at - 1]?.partNumber ?? 0));
  const isFilled = parts.slice(0, -1).every(({ sizeBytes }) => sizeBytes > 0);
  if (parts.length > 0 && isInOrder && isFilled) return;
  throw new CodedError(StorageErrors.uploadIncomplete, 'A part of the upload is missing or too small.');
}

function uploadGone(): CodedError {
  return new CodedError(StorageErrors.uploadNotFound, 'There is no such multipart upload.');
}
