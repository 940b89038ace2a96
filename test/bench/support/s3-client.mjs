/** The bare SDK, set up as the gateway's own S3 adapter sets it up. */
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Agent } from 'node:http';

const MAX_CONNECTIONS = 64;

/** `place` is `{endpoint, region, accessKeyId, secretAccessKey}`; destroy the client after use. */
export function bareClient({ endpoint, region, accessKeyId, secretAccessKey }) {
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: new NodeHttpHandler({
      httpAgent: new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS }),
    }),
  });
}
