/**
 * Looks for secrets in what gateways have written: by their shape, and those that suites have planted. All gateways of a
 * run write their log into one folder, at level debug, which is looked through when the run is over.
 */
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** In the folder of the logs; one planted secret a line. */
export const PLANTED = 'planted';

/** A shorter text may stand in a log by chance. */
const SHORTEST = 12;

/** Secrets that can be told by their shape alone. */
const SHAPES = [
  ['a token', /gth_[a-z0-9]{12}_[0-9A-Za-z]{22}_[0-9A-Za-z]{16,}/],
  ['a link', /\/l\/[A-Za-z0-9_-]{100,}/],
  ['the URL of an upload', /\/u\/[A-Za-z0-9_-]{100,}/],
  ['a JWT', /eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/],
  ['the value of an Authorization header', /\b(?:Bearer|Basic) [A-Za-z0-9._~+/-]{12,}/i],
  ['a signature of S3', /X-Amz-(?:Signature|Security-Token)=(?!\[)[^&\s"]{12,}/i],
  ['a signature of Azure', /[?&]sig=[A-Za-z0-9%+/]{20,}/],
  ['the password of a database', /postgres(?:ql)?:\/\/[^:@/\s"]+:[^@\s"*[]+@/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY/],
  ['a canary', /canary[0-9a-f]{24}/],
];

/** What stands in a line that must not. `planted`: words, as {@link wordOf} makes them. */
export function secretsIn(line, planted) {
  const shapes = SHAPES.filter(([, shape]) => shape.test(line)).map(([what]) => what);
  const isPlanted = words(line).some((word) => planted.has(word));
  return isPlanted ? [...shapes, 'a planted secret'] : shapes;
}

/** What of a secret is looked for: its longest word; null where that is too short to be told from others. */
export function wordOf(secret) {
  const [longest = ''] = words(secret).sort((one, other) => other.length - one.length);
  return longest.length < SHORTEST ? null : longest;
}

function words(text) {
  return text.split(/[^A-Za-z0-9+_-]+/);
}

/** Looks through all logs in a folder; the answer says what stands where, and nothing of the secrets themselves. */
export async function findSecrets(folder) {
  const planted = new Set(await plantedIn(folder));
  const found = new Map();
  let lines = 0;
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.log'))) {
    let number = 0;
    for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
      number += 1;
      for (const what of secretsIn(line, planted)) {
        const at = `${what} (${file}, ${routeOf(line)})`;
        if (!found.has(at)) found.set(at, number);
      }
    }
    lines += number;
  }
  return { lines, secrets: [...found].map(([at, number]) => `${at}: line ${number}`) };
}

async function plantedIn(folder) {
  const text = await readFile(join(folder, PLANTED), 'utf8').catch(() => '');
  return text
    .split('\n')
    .map(wordOf)
    .filter((word) => word !== null);
}

/** Enough to find the place by: what kind of line it is, and of which route. */
function routeOf(line) {
  try {
    const { msg, route, path } = JSON.parse(line);
    const said = `${route ?? path ?? 'no route'}: ${msg}`;
    return /^[\x20-\x7e]{1,100}$/.test(said) && secretsIn(said, new Set()).length === 0 ? said : 'a line';
  } catch {
    return 'no JSON';
  }
}
