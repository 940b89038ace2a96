import { CodedError } from '#kernel';
import { type ObjectKey, type ObjectStorage, parseObjectKey, StorageErrors } from '#storage';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';

import type { BoundStorages } from './bound-storages.js';
import { fetchOnce, type FetchAgents } from './fetch-once.js';
import { ProbeReport, type ProbeStep } from './probe-steps.js';
import type { BindingCredentials, BindingPlace } from './storage-binding.js';

/** A place that is to be tried out. */
export interface ProbeTarget {
  /** With `create`, a bucket or container that is absent is made. */
  readonly place: BindingPlace & { readonly create: boolean };
  readonly credentials: BindingCredentials | null;
  /** First segment of the key that is written: the tenant's key, which all of its objects have. */
  readonly keyPrefix: string;
  /** The operator has named the place, so it may be anywhere. */
  readonly operatorOwned?: boolean;
}

/** What came of a probe. `failure` is null when every step that was tried is ok. */
export interface ProbeResult {
  readonly steps: readonly ProbeStep[];
  readonly failure: unknown;
}

const CONTENT_BYTES = 4_096;
const RANGE = { start: 1_000, end: 1_999 };
const PRESIGN = {
  expiresInSeconds: 60,
  contentDisposition: 'attachment; filename="probe.bin"',
  contentType: 'application/x-gatehold-probe',
} as const;
const MAX_ANSWER_BYTES = 1_048_576;
/** For all steps but the last. Milliseconds. */
const PROBE_MS = 30_000;
const CLEAN_UP_MS = 10_000;

/** Tries a storage out as the gateway will use it. Nothing of it is left behind, however it ends. */
export class StorageProbe {
  /** `agents` dial what a presigned URL names. */
  constructor(
    private readonly storages: Pick<BoundStorages, 'tryOut'>,
    private readonly agents: FetchAgents,
  ) {}

  /**
   * Opens the place, writes one small object, reads it back whole and in part, compares checksums, presigns and fetches
   * (where the storage presigns), and deletes. Takes 40 seconds at most.
   */
  async run({ place, credentials, keyPrefix, operatorOwned }: ProbeTarget): Promise<ProbeResult> {
    const limit = AbortSignal.timeout(PROBE_MS);
    const report = new ProbeReport();
    const opening = this.storages.tryOut(place, credentials, `probe:${randomUUID()}`, operatorOwned);
    const storage = await report.take('open', limit, () => opening);
    if (storage === null) {
      // One that opens after all, too late, has nobody else to close it.
      opening.then(
        (late) => late.release(),
        () => undefined,
      );
    } else {
      const key = parseObjectKey(`${keyPrefix}/${randomUUID()}`);
      await this.#exercise(storage, key, report, limit);
      const cleanUp = AbortSignal.timeout(CLEAN_UP_MS);
      // Also after a failure: what was not acknowledged may be there all the same.
      await report.insist('delete', cleanUp, () => remove(storage, key, cleanUp));
      await storage.release();
    }
    return { steps: report.steps, failure: report.failure };
  }

  async #exercise(
    storage: ObjectStorage,
    key: ObjectKey,
    report: ProbeReport,
    limit: AbortSignal,
  ): Promise<void> {
    const content = randomBytes(CONTENT_BYTES);
    await report.take('write', limit, () => write(storage, key, content, limit));
    const read = await report.take('read', limit, () => readBack(storage, key, limit));
    await report.take('range', limit, () => readRange(storage, key, content, limit));
    await report.take('checksum', limit, async () => {
      if (read === null || sha256(read) !== sha256(content)) throw differs();
    });
    const { presigner } = storage;
    if (presigner === null) return;
    const signed = await report.take('presign', limit, async () =>
      presigner.presignGet(key, { ...PRESIGN, nowMs: Date.now() }),
    );
    if (signed !== null) await report.take('fetch', limit, () => this.#fetch(signed.url, content, limit));
  }

  async #fetch(url: string, content: Buffer, signal: AbortSignal): Promise<void> {
    const { status, headers, bytes } = await fetchOnce(url, this.agents, {
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    });
    if (status !== 200) throw wrong('The storage does not honour a URL that was signed for it.');
    if (!bytes.equals(content)) throw differs();
    // Without these a browser could be made to show what it should save.
    const { contentDisposition, contentType } = PRESIGN;
    if (headers['content-disposition'] !== contentDisposition || headers['content-type'] !== contentType)
      throw wrong('The storage ignores the name or the type that a signed URL asks for.');
  }
}

async function write(
  storage: ObjectStorage,
  key: ObjectKey,
  content: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const options = { signal, expectedSize: content.length, expectedSha256: sha256(content) };
  await storage.put(key, Readable.from([content]), options);
}

async function readBack(storage: ObjectStorage, key: ObjectKey, signal: AbortSignal): Promise<Buffer> {
  const body = await storage.get(key, { signal, expectedSize: CONTENT_BYTES });
  if (body === null) throw wrong('What was written is not there.');
  return await body.bytes();
}

async function readRange(
  storage: ObjectStorage,
  key: ObjectKey,
  content: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const body = await storage.get(key, { signal, range: RANGE });
  if (body === null) throw wrong('What was written is not there.');
  if (!(await body.bytes()).equals(content.subarray(RANGE.start, RANGE.end + 1))) throw differs();
}

async function remove(storage: ObjectStorage, key: ObjectKey, signal: AbortSignal): Promise<void> {
  await storage.remove(key, { signal });
  if ((await storage.head(key, { signal })) !== null) throw wrong('What was deleted is still there.');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function differs(): CodedError {
  return wrong('What was read is not what was written.');
}

function wrong(message: string): CodedError {
  return new CodedError(StorageErrors.unavailable, message);
}
