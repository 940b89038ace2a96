import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { programPath, type Program } from './programs.js';

/** What a program saved, and the type that it was told. */
export interface SavedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

const LIMIT_MS = 30_000;

const CURL = ['--disable', '--silent', '--show-error', '--fail', '--dump-header', '-'];
const WGET = [
  '--no-config',
  '--server-response',
  '--no-verbose',
  '--content-disposition',
  '--trust-server-names',
];

/** The standard library alone: saves under the exact name (RFC 6266 §4.3: `filename*` wins), and says the type. */
const PYTHON = `
import email.utils, pathlib, sys, urllib.request
with urllib.request.urlopen(sys.argv[1]) as answer:
    names = [value for key, value in answer.headers.get_params(header='Content-Disposition') if key == 'filename']
    pathlib.Path(email.utils.collapse_rfc2231_value(names[-1])).write_bytes(answer.read())
    print('Content-Type: ' + answer.headers['Content-Type'])
`;

type CommandLine = (url: string) => string[];
/** Which of a name and its ASCII approximation a program saves under. */
type Reads = (name: string, ascii: string) => string;

const approximate: Reads = (_name, ascii) => ascii;
const exact: Reads = (name) => name;
// It decodes what it has decoded once more, and escapes what would then be a separator.
const decodedTwice: Reads = (name) => name.replace('%41', 'A').replaceAll('%2f', '%2F');

/** Programs that save a URL under the name it comes with, into the folder they run in. */
export const FETCHERS: readonly (readonly [what: string, Program, CommandLine, Reads])[] = [
  ['curl -OJ', 'curl', (url) => [...CURL, '-OJ', url], approximate],
  ['curl -L -OJ', 'curl', (url) => [...CURL, '-L', '-OJ', url], approximate],
  ['wget --content-disposition', 'wget', (url) => [...WGET, url], decodedTwice],
  ['urllib', 'python3', (url) => ['-c', PYTHON, url], exact],
];

/** Runs one of them in an empty folder and reads the one file it leaves. Throws with its output when it fails. */
export async function fetchWith(program: Program, args: readonly string[]): Promise<SavedFile> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehold-fetch-'));
  try {
    const said = await run(program, args, folder);
    const [name, ...others] = await readdir(folder);
    if (name === undefined || others.length > 0)
      throw new Error(`${program} saved ${others.length} files.\n${said}`);
    const type = /^\s*content-type:\s*(.*?)\s*$/im.exec(said)?.[1] ?? '';
    return { name, type, bytes: await readFile(join(folder, name)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(program: Program, args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(programPath(program), args, {
    cwd,
    // No proxy and no settings of whoever runs the tests; a name in any script needs a locale that has them.
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}.\n${said}`);
  return said;
}
