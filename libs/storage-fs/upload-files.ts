import { readdir } from 'node:fs/promises';
import type { UploadedPart } from '#storage';
import { statPath, touchFile, unlinkFile } from './file-calls.js';
import { errnoOf } from './filesystem.errors.js';
import type { Folder } from './folder.js';
import { entityTagOf } from './object-file.js';

/*
 * The files of a multipart upload lie in the folder that its object will be in. `.ID.NAME.upload` says that the upload
 * is there, and its time when it was last used; `.ID.NAME.NUMBER.part` is a part. The dots keep both from ever being an
 * object's. The mark goes first, so a part without one belongs to nobody.
 */
const UPLOAD_FILE =
  /^\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([a-z0-9][a-z0-9-]*)\.(?:upload|[0-9]{1,5}\.part)$/;

/** The files of one multipart upload of the object called `name`. */
export class UploadFiles {
  constructor(
    readonly name: string,
    readonly uploadId: string,
  ) {}

  /** True for an id of the gateway's making; nothing else may become part of a path. */
  get isPossible(): boolean {
    return UPLOAD_FILE.test(this.mark);
  }

  get mark(): string {
    return `.${this.uploadId}.${this.name}.upload`;
  }

  part(partNumber: number): string {
    return `.${this.uploadId}.${this.name}.${partNumber}.part`;
  }

  /** Says that the upload is in use; false when it is gone. */
  async touch(folder: Folder): Promise<boolean> {
    const now = new Date();
    return touchFile(folder.at(this.mark), now, now).then(
      () => true,
      (error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return false;
        throw error;
      },
    );
  }

  /** The parts that are there, in the order of their numbers; null when the upload is gone. */
  async listParts(folder: Folder): Promise<UploadedPart[] | null> {
    if (!(await this.touch(folder))) return null;
    const parts: UploadedPart[] = [];
    for (const name of await readdir(folder.path)) {
      const partNumber = Number(name.split('.').at(-2));
      if (name !== this.part(partNumber)) continue;
      const stats = await statPath(folder.at(name), { bigint: true }).catch(nullIfGone);
      if (stats !== null)
        parts.push({ partNumber, sizeBytes: Number(stats.size), entityTag: entityTagOf(stats) });
    }
    return parts.sort((one, other) => one.partNumber - other.partNumber);
  }

  /** Removes the mark and then every part. What is gone already is passed over. */
  async remove(folder: Folder): Promise<void> {
    await unlinkIfThere(folder.at(this.mark));
    const start = `.${this.uploadId}.`;
    for (const name of await readdir(folder.path))
      if (name.startsWith(start)) await unlinkIfThere(folder.at(name));
    await folder.sync();
  }
}

/** A file that belongs to a multipart upload: its mark, or a part. */
export interface UploadFile {
  readonly file: string;
  readonly isMark: boolean;
  readonly upload: UploadFiles;
}

/** What the name of a mark or a part says; null for any other name. */
export function parseUploadFile(file: string): UploadFile | null {
  const [, uploadId, name] = UPLOAD_FILE.exec(file) ?? [];
  if (uploadId === undefined || name === undefined) return null;
  return { file, isMark: file.endsWith('.upload'), upload: new UploadFiles(name, uploadId) };
}

/** Removes a file, unless it is gone. */
export async function unlinkIfThere(path: string): Promise<void> {
  await unlinkFile(path).catch(nullIfGone);
}

function nullIfGone(error: unknown): null {
  if (errnoOf(error) === 'ENOENT') return null;
  throw error;
}
