/**
 * The child's program: puts `sizeBytes` under a key and prints the outcome as JSON, with the names of the file calls
 * made. The `fault` parameter is `none`; `kill:K`, to die by SIGKILL right before the Kth file call of the put;
 * `fail:K`, to have that call fail as on a broken disk; or `silent`, to take half of the body, print `half` and wait.
 */
export const PUT_SCRIPT = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const [root, key, sizeBytes, fault] = process.argv.slice(2);
const [kind, at] = fault.split(':');
let trace = null;
for (const name of ['open', 'mkdir', 'fchmod', 'writev', 'fsync', 'close', 'link', 'unlink']) {
  const original = fs[name];
  const injected = (...parameters) => {
    if (trace?.push(name) !== Number(at)) return original(...parameters);
    if (kind === 'kill') process.kill(process.pid, 'SIGKILL');
    // A close that reports an error has closed all the same, as on Linux.
    if (name === 'close') fs.closeSync(parameters[0]);
    return parameters.at(-1)(Object.assign(new Error('EIO: i/o error, ' + name), { code: 'EIO' }));
  };
  fs[name] = Object.defineProperties(injected, Object.getOwnPropertyDescriptors(original));
}
syncBuiltinESMExports();
const { FilesystemDriver } = await import('#storage-fs');
const storage = await new FilesystemDriver({ root }).open();
trace = [];
async function* body() {
  const half = Buffer.alloc(Number(sizeBytes) / 2, 7);
  yield half;
  if (kind === 'silent') {
    process.stdout.write('half');
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  }
  yield half;
}
const outcome = await storage.put(key, body()).then(
  (result) => ({ result }),
  (error) => ({ code: error.kind?.code, cause: error.cause?.code }),
);
process.stdout.write(JSON.stringify({ ...outcome, trace }));
`;
