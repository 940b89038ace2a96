import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import {
  type ConnectionLimits,
  type EndpointGuard,
  guardedAgents,
  releaseAgents,
  type StorageClock,
} from '#storage';

import { boundedAnswers } from './bounded-answers.js';
import { Retries } from './retries.js';
import type { S3Settings } from './s3.settings.js';
import { timedAnswers } from './timed-answers.js';

/** Bounds of the connections to one place. Times are milliseconds. */
export interface S3ConnectionLimits extends ConnectionLimits {
  /**
   * Without a byte in either direction, content on its way to a reader excepted: that stands still whenever its reader
   * does. Ends what nobody waits for any more; who waits is answered by `GuardedStorage`.
   */
  readonly idleMs: number;
}

type Handler = Pick<NodeHttpHandler, 'handle' | 'destroy' | 'metadata'>;

/**
 * A client on one endpoint with one credential. Everything that the SDK would look for in the environment or in shared
 * files is given, so that a tenant's binding never meets the operator's own credentials. `guard` decides which addresses
 * may be dialled; redirects are not followed. `clock` hears the time of every answer.
 */
export function makeS3Client(
  settings: S3Settings,
  limits: S3ConnectionLimits,
  guard: EndpointGuard,
  clock: StorageClock,
): S3Client {
  const { accessKeyId, secretAccessKey, sessionToken } = settings.credentials;
  const client = new S3Client({
    endpoint: settings.endpoint,
    region: settings.region,
    forcePathStyle: settings.profile.pathStyle,
    credentials: {
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
    },
    // Otherwise the SDK adds checksums of its own, which many servers do not know.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    retryStrategy: new Retries(),
    defaultsMode: 'standard',
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    useArnRegion: false,
    followRegionRedirects: false,
    // A gateway whose clock is that far off decides wrongly about everything that ends: it is to be noticed.
    disableClockSkewCorrection: true,
    requestHandler: requestHandler(limits, guard),
  });
  const raw = { step: 'deserialize', priority: 'low' } as const;
  client.middlewareStack.add(boundedAnswers, { ...raw, name: 'boundedAnswers' });
  client.middlewareStack.add(timedAnswers(clock), { ...raw, name: 'timedAnswers' });
  return client;
}

/** Two handlers on the same connections: content has no limit on idleness, everything else has. */
function requestHandler(limits: S3ConnectionLimits, guard: EndpointGuard): Handler {
  const agents = guardedAgents(guard, limits, { tapped: true });
  // The time for connecting is the agents' to keep: the SDK's would count the waiting for a free connection too.
  const options = { httpAgent: agents.http, httpsAgent: agents.https, connectionTimeout: 0 };
  const content = new NodeHttpHandler({ ...options, socketTimeout: 0 });
  const others = new NodeHttpHandler({ ...options, socketTimeout: limits.idleMs });
  return {
    metadata: others.metadata,
    handle: (request, call) =>
      (request.query['x-id'] === 'GetObject' ? content : others).handle(request, call),
    destroy: () => releaseAgents(agents),
  };
}
