import {
  abortFailure,
  assertRange,
  type BodySource,
  type CallOptions,
  type GetOptions,
  hasFired,
  type KeyPrefix,
  type ListOptions,
  type ObjectHead,
  type ObjectKey,
  type ObjectPage,
  ObjectStorage,
  parseKeyPrefix,
  type PutOptions,
  type PutResult,
  SMALL_BODY_BYTES,
  type StorageCapabilities,
  StoredBody,
  type SweepResult,
  UploadBody,
} from '#storage';
import { CHUNKS } from './chunks.js';
import { closeQuietly, unlinkFile } from './file-calls.js';
import { errnoOf, readFailure, unreadable, writeFailure } from './filesystem.errors.js';
import { FilesystemMultipartUploads } from './filesystem.multipart-uploads.js';
import { FolderTree } from './folder-tree.js';
import type { Folder } from './folder.js';
import { KeptFiles } from './kept-files.js';
import {
  closedHead,
  entityTagOf,
  type ObjectFile,
  openObject,
  readExactly,
  readPart,
} from './object-file.js';
import { objectPlace } from './object-place.js';
import { listedObject } from './object-list.js';
import { ObjectReadStream } from './object-read.stream.js';
import { storageTime } from './storage-time.js';
import { TemporaryFile } from './temporary-file.js';
import { TreePage } from './tree-page.js';
import { UnfinishedSweep } from './unfinished.sweep.js';

/**
 * Objects as plain files under a root folder, write-once. Several processes may share the root. A put writes a
 * temporary file beside the final place, syncs it, links it to its name and syncs the folder. Files are 0640,
 * folders 0750. Needs a file system with hard links. An object file with a second hard link is refused, so
 * back the root up by copying, not by linking.
 */
export class FilesystemStorage extends ObjectStorage {
  readonly capabilities: StorageCapabilities = {
    writeOnce: true,
    presign: false,
    multipart: true,
    serverSideCopy: false,
    checksums: [],
  };
  readonly multipart: FilesystemMultipartUploads;
  readonly presigner = null;
  readonly #tree: FolderTree;
  readonly #kept = new KeptFiles();

  /** `root` is an absolute, real path that exists; {@link FilesystemDriver} sees to that. */
  constructor(root: string) {
    super();
    this.#tree = new FolderTree(root);
    this.multipart = new FilesystemMultipartUploads(this.#tree);
  }

  async put(key: ObjectKey, source: BodySource, options: PutOptions = {}): Promise<PutResult> {
    const place = objectPlace(key);
    const body = new UploadBody(source, options);
    try {
      return await this.#tree.within(place.folders, (folder) => store(folder, place.name, body));
    } catch (error) {
      throw writeFailure(error);
    } finally {
      body.close();
    }
  }

  async get(key: ObjectKey, options: GetOptions = {}): Promise<StoredBody | null> {
    const known = this.getAtOnce(key, options);
    if (known !== null) return known;
    const path = this.#pathFor(key, options);
    const file = await openObject(path);
    if (file === null) return null;
    try {
      const body = await openBody(file, options);
      // Not awaited, nor is its closing: nothing can be lost, and the answer need not wait for it.
      if (body.lengthBytes <= SMALL_BODY_BYTES) this.#kept.keep(path, file.descriptor);
      return body;
    } catch (error) {
      await closeQuietly(file.descriptor);
      throw readFailure(error);
    }
  }

  /** What was read a moment ago. */
  override getAtOnce(key: ObjectKey, options: GetOptions = {}): StoredBody | null {
    assertRange(options);
    const path = this.#pathFor(key, options);
    return this.#kept.has(path) ? this.#readKept(path, options) : null;
  }

  async head(key: ObjectKey, options: CallOptions = {}): Promise<ObjectHead | null> {
    const file = await openObject(this.#pathFor(key, options));
    return file && closedHead(file);
  }

  async list(prefix: KeyPrefix, { after, limit = 1000, signal }: ListOptions = {}): Promise<ObjectPage> {
    const from = parseKeyPrefix(prefix).split('/');
    try {
      const page = new TreePage(this.#tree, { pick: listedObject, after, limit, signal });
      const { items, next } = await page.run(from);
      return { objects: items, next, listedAt: await storageTime(this.#tree) };
    } catch (error) {
      throw readFailure(error);
    }
  }

  async copy(from: ObjectKey, to: ObjectKey, options: CallOptions = {}): Promise<ObjectHead | null> {
    objectPlace(to);
    const body = await this.get(from, options);
    if (body === null) return null;
    const stream = body.stream();
    try {
      await this.put(to, stream, { ...options, expectedSize: body.sizeBytes });
    } catch (error) {
      throw options.signal?.aborted ? abortFailure(options.signal) : error;
    } finally {
      stream.destroy();
    }
    return this.head(to, options);
  }

  async remove(key: ObjectKey, { signal }: CallOptions = {}): Promise<void> {
    const place = objectPlace(key);
    if (signal?.aborted) throw abortFailure(signal);
    try {
      const folder = await this.#tree.find(place.folders);
      if (folder !== null) await removeFrom(folder, place.name);
      this.#kept.drop(this.#tree.pathOf([...place.folders, place.name]));
    } catch (error) {
      throw writeFailure(error);
    }
  }

  async removeUnfinished(olderThanMs: number, { signal }: CallOptions = {}): Promise<SweepResult> {
    try {
      return await new UnfinishedSweep(this.#tree, Date.now() - olderThanMs, signal).run();
    } catch (error) {
      throw writeFailure(error);
    }
  }

  async release(): Promise<void> {
    await this.#kept.release();
  }

  /** Throws for a malformed key, and for a signal that has fired. */
  #pathFor(key: ObjectKey, options: CallOptions): string {
    const { folders, name } = objectPlace(key);
    throwIfFired(options);
    return this.#tree.pathOf([...folders, name]);
  }

  /** All of a small object, if its file is kept open. Null when it is not, and when anything about it is odd. */
  #readKept(path: string, options: GetOptions): StoredBody | null {
    const { expectedSize: sizeBytes = Infinity, range, ifMatch } = options;
    if (range !== undefined || ifMatch !== undefined || sizeBytes > SMALL_BODY_BYTES) return null;
    const content = this.#kept.read(path, (descriptor) => readExactly(descriptor, sizeBytes));
    return content && new StoredBody({ sizeBytes, lengthBytes: sizeBytes, content });
  }
}

async function store(folder: Folder, name: string, body: UploadBody): Promise<PutResult> {
  const file = await TemporaryFile.create(folder);
  try {
    for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) await file.append(chunk);
    await file.finish();
    body.throwIfAborted();
    await file.publish(name);
    return body.result;
  } catch (error) {
    await file.discard();
    // Coded here, because the tree takes a bare ENOENT for a folder that vanished before any byte was read.
    throw writeFailure(error);
  }
}

/** Takes over the file when it succeeds and the body is not a small one. */
async function openBody({ descriptor, stats }: ObjectFile, options: GetOptions): Promise<StoredBody> {
  const { range, expectedSize, ifMatch } = options;
  const sizeBytes = Number(stats.size);
  const part = range ?? { start: 0, end: sizeBytes - 1 };
  if (sizeBytes !== (expectedSize ?? sizeBytes) || part.end >= sizeBytes) throw unreadable();
  if (ifMatch !== undefined && ifMatch !== entityTagOf(stats)) throw unreadable();
  const lengthBytes = part.end - part.start + 1;
  throwIfFired(options);
  if (lengthBytes <= SMALL_BODY_BYTES)
    return new StoredBody({ sizeBytes, lengthBytes, content: await readPart(descriptor, part) });
  const content = new ObjectReadStream(descriptor, part, options.signal);
  return new StoredBody({ sizeBytes, lengthBytes, content, recycle: (chunk) => CHUNKS.giveBack(chunk) });
}

/** Synced even when the file is absent: an earlier removal may have been cut short before its own sync. */
async function removeFrom(folder: Folder, name: string): Promise<void> {
  try {
    await unlinkFile(folder.at(name)).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function throwIfFired(options: CallOptions): void {
  if (hasFired(options) && options.signal !== undefined) throw abortFailure(options.signal);
}
