/**
 * What a URL of S3 costs: ours against the SDK's presigner, and against the two hashes that Signature Version 4 cannot
 * do without. All in this process, on one thread, for the same requests; before anything is timed all three have to
 * come to the same signature.
 */
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Secret } from '#kernel';
import { SigV4Presigner } from '#presign';
import { createHash, createHmac, createSecretKey, randomUUID } from 'node:crypto';

import { interleave, perSecond } from '../support/rounds.mjs';

const REQUESTS = 4_096;
const LIFE_SECONDS = 900;
const REGION = 'eu-central-1';
const BUCKET = 'tenant-objects';
const ENDPOINT = 'https://store.example';
const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const NAMES = ['report.pdf', 'annual accounts (final).xlsx', 'résumé – 日本 "x".pdf'];
const TYPES = ['application/pdf', 'text/plain; charset=utf-8', 'image/png'];

export const rows = [
  {
    name: 'presign-vs-sdk',
    unit: 'URLs/s',
    target: 30,
    floorName: '@aws-sdk/s3-request-presigner',
    about: [
      "download URLs signed by the gateway's own signer",
      'the same URLs, byte for byte, by `@aws-sdk/s3-request-presigner`',
    ],
    quick: true,
    measure: (bench) => compare(bench, bySdk, { batch: 100 }),
  },
  {
    name: 'presign-vs-floor',
    unit: 'URLs/s',
    target: 0.25,
    floorName: 'one SHA-256 and one HMAC-SHA256 per URL',
    about: ['the same', 'the SHA-256 and the HMAC-SHA256 that the signature is; none of the text'],
    quick: true,
    measure: (bench) => compare(bench, byHashesAlone, { batch: 2_000 }),
  },
];

async function compare({ pace }, makeOther, { batch }) {
  const requests = Array.from({ length: REQUESTS }, makeRequest);
  const ours = byOurs(requests);
  const other = makeOther(requests);
  await assertSameSignatures(requests);
  const contestants = {
    value: () => perSecond(ours, { batch: 2_000, leastMs: pace.loopMs }),
    floor: () => perSecond(other, { batch, leastMs: pace.loopMs }),
  };
  for (const warmUp of Object.values(contestants)) await warmUp();
  return interleave(contestants, { rounds: pace.rounds });
}

/** A download of another object under another name each time. */
function makeRequest(_, number) {
  const name = NAMES[number % NAMES.length];
  const plain = name.replaceAll(/[^ -~]|"/g, '_');
  return {
    key: `${randomUUID().slice(0, 8)}/${randomUUID()}`,
    disposition: `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name)}`,
    type: TYPES[number % TYPES.length],
  };
}

/** Everything that a URL takes is in here: the request's object, the time of day, encoding, hashing, the text. */
function byOurs(requests) {
  const presigner = new SigV4Presigner(
    { ...CREDENTIALS, secretAccessKey: new Secret(CREDENTIALS.secretAccessKey) },
    { endpoint: ENDPOINT, bucket: BUCKET, region: REGION, pathStyle: true },
  );
  return (number, nowMs = Date.now()) => {
    const { key, disposition, type } = requests[number % REQUESTS];
    return presigner.presign({
      method: 'GET',
      key,
      expiresInSeconds: LIFE_SECONDS,
      nowMs,
      query: {
        'response-content-disposition': disposition,
        'response-content-type': type,
        'x-id': 'GetObject',
      },
    }).url;
  };
}

/** As its users call it: one client for all URLs, one command for each. Checksums off, so that it adds none. */
function bySdk(requests) {
  const client = new S3Client({
    endpoint: ENDPOINT,
    region: REGION,
    forcePathStyle: true,
    credentials: CREDENTIALS,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return (number, nowMs) => {
    const { key, disposition, type } = requests[number % REQUESTS];
    const command = new GetObjectCommand({
      Bucket: BUCKET,
      Key: key,
      ResponseContentDisposition: disposition,
      ResponseContentType: type,
    });
    const at = nowMs === undefined ? {} : { signingDate: new Date(nowMs) };
    return getSignedUrl(client, command, { expiresIn: LIFE_SECONDS, ...at });
  };
}

/**
 * In the floor: the SHA-256 of the canonical request and the HMAC of the string to sign, each with its text taken in
 * and its digest given out as hex. Not in it: making the canonical request (it lies ready, as one flat string), the
 * time, deriving the key (a `KeyObject` made once), the URL.
 */
function byHashesAlone(requests, nowMs = Date.now()) {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const scope = [stamp.slice(0, 8), REGION, 's3', 'aws4_request'];
  const key = createSecretKey(
    scope.reduce(
      (bytes, step) => createHmac('sha256', bytes).update(step).digest(),
      Buffer.from(`AWS4${CREDENTIALS.secretAccessKey}`),
    ),
  );
  const head = `AWS4-HMAC-SHA256\n${stamp}\n${scope.join('/')}\n`;
  const ours = byOurs(requests);
  const texts = requests.map((_, number) => canonicalRequest(ours(number, nowMs)));
  return (number) => {
    const digest = createHash('sha256')
      .update(texts[number % REQUESTS], 'utf8')
      .digest('hex');
    return createHmac('sha256', key).update(`${head}${digest}`, 'utf8').digest('hex');
  };
}

/** What a URL's signature is over, read back from the URL. */
function canonicalRequest(url) {
  const { host, pathname, search } = new URL(url);
  const query = search.slice(1).replace(/&X-Amz-Signature=[0-9a-f]+/, '');
  const text = `GET\n${pathname}\n${query}\nhost:${host}\n\nhost\nUNSIGNED-PAYLOAD`;
  return Buffer.from(text, 'utf8').toString('utf8');
}

/** The contestants do the same work only if they come to the same result. */
async function assertSameSignatures(requests) {
  const nowMs = Date.now();
  const [ours, sdk, hashes] = [byOurs(requests), bySdk(requests), byHashesAlone(requests, nowMs)];
  for (let number = 0; number < NAMES.length * TYPES.length * 4; number += 1) {
    const url = ours(number, nowMs);
    if (url !== (await sdk(number, nowMs)))
      throw new Error(`The SDK signs another URL than ours for request ${number}.`);
    if (!url.includes(`X-Amz-Signature=${hashes(number)}`))
      throw new Error(`The floor comes to another signature for request ${number}.`);
  }
}
