import { hasBody, type GatewayReply, type GatewayRequest } from '#http';
import { isUuid, newUuid, type Principal, type TenantContext } from '#kernel';
import { PublicUrl } from '#presign';
import { Injectable } from '@nestjs/common';
import { Server } from '@tus/server';

import { abortSignalOf } from '../content-reply.js';
import { UploadLimits } from '../byte-receiver.js';
import { arrivingBody } from './arriving-body.js';
import { BodyChecksum, CHECKSUM_ALGORITHMS } from './body-checksum.js';
import { refusalOf, setTusAnswer, toRefusal } from './tus-answer.js';
import { TusCreator } from './tus-creator.service.js';
import { TUS_EXTENSIONS, TusDataStore } from './tus-data-store.js';
import { TusErrors } from './tus.errors.js';
import { TusReceiver } from './tus-receiver.service.js';
import { TusService } from './tus.service.js';

/** The version of tus that is spoken. */
export const TUS_VERSION = '1.0.0';
const PATH = '/v1/tus';
const BYTES_TYPE = 'application/offset+octet-stream';

/** Header fields that `@tus/server` reads; all else in a request is ours. */
const READ = [
  'tus-resumable',
  'upload-length',
  'upload-defer-length',
  'upload-offset',
  'upload-concat',
] as const;

/** One request about resumable uploads. */
export interface TusExchange {
  readonly context: TenantContext;
  readonly caller: Principal;
  readonly request: GatewayRequest;
  readonly reply: GatewayReply;
  /** Null where an upload is begun. */
  readonly uploadId: string | null;
}

/**
 * Speaks tus 1.0. The rules of the protocol are kept by `@tus/server`. It is given the headers that it reads, and a
 * storage and a lock for this request alone; bodies, times, checksums, metadata, CORS and error answers are ours, because
 * it has them in another way, or not at all.
 */
@Injectable()
export class TusProtocol {
  constructor(
    private readonly creator: TusCreator,
    private readonly uploads: TusService,
    private readonly receiver: TusReceiver,
    private readonly publicUrl: PublicUrl,
    private readonly limits: UploadLimits,
  ) {}

  /** Says what is spoken. */
  describe(reply: GatewayReply): void {
    void reply.headers({
      'tus-resumable': TUS_VERSION,
      'tus-version': TUS_VERSION,
      'tus-extension': TUS_EXTENSIONS.join(','),
      'tus-checksum-algorithm': CHECKSUM_ALGORITHMS.join(','),
      'tus-max-size': String(this.limits.maxUploadBytes),
    });
  }

  /** Answers a request, or throws what it is refused with. */
  async answer(exchange: TusExchange): Promise<void> {
    const { context, caller, request, reply } = exchange;
    assertSpoken(request, reply);
    const uploadId = exchange.uploadId?.toLowerCase() ?? null;
    if (uploadId !== null && !isUuid(uploadId)) throw TusErrors.notFound();
    const failures: unknown[] = [];
    const stop = new AbortController();
    const store = this.storeFor(exchange, stop);
    const server = this.serverOn(store, uploadId, (error) => failures.push(error));
    const body = arrivingBody(request, {
      signal: AbortSignal.any([abortSignalOf(reply), stop.signal]),
      onChunk: () => store.noteSign(),
      onFailure: (error) => failures.push(error),
    });
    const response = await server.handleWeb(asWebRequest(request, body));
    if (response.status >= 400) failures.push(refusalOf(response.status, await response.text()));
    if (failures.length === 0) {
      setTusAnswer(reply, request.method, response, store.standing);
      return;
    }
    // Nobody knows the URL of an upload that was refused in the request that began it, unless it can be asked again.
    const { begunId } = store;
    if (begunId !== null && request.headers['idempotency-key'] === undefined)
      await this.uploads.end(context, { tokenId: caller.tokenId, uploadId: begunId }).catch(() => undefined);
    throw failures[0];
  }

  private storeFor({ context, caller, request }: TusExchange, stop: AbortController): TusDataStore {
    const { headers } = request;
    const [length, metadata] = [headers['content-length'], headers['upload-metadata']];
    return new TusDataStore(
      { creator: this.creator, uploads: this.uploads, receiver: this.receiver },
      {
        incoming: request,
        context,
        caller,
        clientMetadata: metadata === undefined ? null : String(metadata),
        checksum: BodyChecksum.of(headers),
        bodyBytes: length === undefined ? null : Number(length),
        hasBytes: hasBody(headers),
      },
      ({ signal }) => signal.addEventListener('abort', () => stop.abort(signal.reason), { once: true }),
    );
  }

  private serverOn(
    datastore: TusDataStore,
    uploadId: string | null,
    onFailure: (error: unknown) => void,
  ): Server {
    return new Server({
      path: PATH,
      datastore,
      locker: datastore.locker,
      maxSize: this.limits.maxUploadBytes,
      namingFunction: () => newUuid(),
      getFileIdFromRequest: () => uploadId ?? undefined,
      generateUrl: (_request, { id }) => `${this.publicUrl.basePath}${PATH}/${id}`,
      onResponseError: (_request, error) => {
        onFailure(toRefusal(error));
        return undefined;
      },
    });
  }
}

/** Refuses what the library would answer in another way, or pass over. */
function assertSpoken(request: GatewayRequest, reply: GatewayReply): void {
  const { method, headers } = request;
  void reply.header('tus-resumable', TUS_VERSION);
  if (headers['tus-resumable'] !== TUS_VERSION) {
    void reply.header('tus-version', TUS_VERSION);
    throw TusErrors.version();
  }
  const brings = method === 'PATCH' || (method === 'POST' && hasBody(headers));
  if (brings && request.declaredContentType?.trim().toLowerCase() !== BYTES_TYPE) throw TusErrors.mediaType();
  if (headers.trailer?.toLowerCase().includes('upload-checksum') === true) throw TusErrors.trailer();
}

function asWebRequest({ method, headers }: GatewayRequest, body: unknown): Request {
  const read = new Headers();
  for (const name of [...READ, 'content-length']) {
    const value = headers[name];
    if (value !== undefined) read.set(name, String(value));
  }
  if (method === 'PATCH' || body !== null) read.set('content-type', BYTES_TYPE);
  // The host is nobody's: the library needs an absolute URL, and is told how to make its own.
  return new Request(`http://gateway${PATH}`, { method, headers: read, body, duplex: 'half' } as RequestInit);
}
