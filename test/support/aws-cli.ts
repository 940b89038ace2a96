import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { programPath, type Program } from './programs.js';

/** What {@link cliPresign} and {@link botocorePresign} need on the machine. */
export const CLI_PROGRAMS: readonly Program[] = ['aws', 'botocore', 'faketime'];

/** Who signs, for which place, at which time. */
export interface SigningPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly pathStyle: boolean;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Milliseconds since 1970; whole seconds. */
  readonly nowMs: number;
}

/** A call that a URL is for, in botocore's names. */
export interface BotocoreCall {
  readonly operation: 'get_object' | 'head_object' | 'put_object' | 'upload_part';
  readonly params: Readonly<Record<string, string | number>>;
  readonly expiresIn: number;
}

/** What `aws s3 presign` writes at that time. */
export async function cliPresign(place: SigningPlace, key: string, expiresIn: number): Promise<string> {
  const { endpoint, region, bucket } = place;
  const args = ['s3', 'presign', `s3://${bucket}/${key}`, '--expires-in', String(expiresIn)];
  const { stdout } = await frozen(place, 'aws', [...args, '--endpoint-url', endpoint, '--region', region]);
  return stdout.trim();
}

/** What botocore's `generate_presigned_url` answers for many calls at that time. */
export async function botocorePresign(
  place: SigningPlace,
  calls: readonly BotocoreCall[],
): Promise<string[]> {
  const { endpoint, region, bucket } = place;
  const input = JSON.stringify({ endpoint, region, bucket, calls });
  const { stdout } = await frozen(place, 'botocore', ['-c', BOTOCORE], input);
  return JSON.parse(stdout) as string[];
}

const BOTOCORE = `
import json, sys
import botocore.session
wish = json.load(sys.stdin)
client = botocore.session.Session().create_client('s3', endpoint_url=wish['endpoint'], region_name=wish['region'])
print(json.dumps([
    client.generate_presigned_url(call['operation'], Params={'Bucket': wish['bucket'], **call['params']}, ExpiresIn=call['expiresIn'])
    for call in wish['calls']
]))
`;

/** Runs a program for which time stands still, with these credentials and no other settings. */
async function frozen(
  place: SigningPlace,
  program: Program,
  args: readonly string[],
  input = '',
): Promise<{ stdout: string }> {
  const home = await mkdtemp(join(tmpdir(), 'gatehold-aws-'));
  const config = join(home, 'config');
  const style = place.pathStyle ? 'path' : 'virtual';
  // Older releases sign in an older way for endpoints that are not AWS's own.
  await writeFile(config, `[default]\ns3 =\n  signature_version = s3v4\n  addressing_style = ${style}\n`);
  const time = new Date(place.nowMs).toISOString().slice(0, 19).replace('T', ' ');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    AWS_CONFIG_FILE: config,
    AWS_EC2_METADATA_DISABLED: 'true',
    // Where it is installed, botocore signs by another library, which orders the parameters in its own way.
    BOTO_DISABLE_CRT: 'true',
    AWS_ACCESS_KEY_ID: place.accessKeyId,
    AWS_SECRET_ACCESS_KEY: place.secretAccessKey,
    ...(place.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: place.sessionToken }),
  };
  try {
    const command = ['-f', time, programPath(program), ...args];
    const running = promisify(execFile)(programPath('faketime'), command, { env, maxBuffer: 2 ** 28 });
    running.child.stdin?.end(input);
    return await running;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
