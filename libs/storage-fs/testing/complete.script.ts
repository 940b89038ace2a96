/**
 * The child's program: sends two parts of `sizeBytes` each, the first all 1 and the second all 2, prints a line of JSON
 * with the upload's id and parts, and completes the upload. Then prints a line with the outcome and the names of the file
 * calls that completing made. The `fault` parameter is `none`; `kill:K`, to die by SIGKILL right before the Kth of these
 * calls; or `fail:K`, to have that call fail as on a broken disk.
 */
export const COMPLETE_SCRIPT = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const [root, key, sizeBytes, fault] = process.argv.slice(2);
const [kind, at] = fault.split(':');
let trace = null;
const CALLS = ['open', 'fchmod', 'read', 'writev', 'fsync', 'close', 'link', 'unlink', 'lutimes', 'lstat'];
for (const name of CALLS) {
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
const { multipart } = await new FilesystemDriver({ root }).open();
const uploadId = await multipart.create(key);
const size = Number(sizeBytes);
async function* body(value) {
  yield Buffer.alloc(size, value);
}
const send = (number) => multipart.putPart(key, uploadId, number, body(number), { sizeBytes: size });
const parts = [await send(1), await send(2)];
fs.writeSync(1, JSON.stringify({ uploadId, parts }) + '\\n');
trace = [];
const outcome = await multipart.complete(key, uploadId, parts).then(
  (result) => ({ result }),
  (error) => ({ code: error.kind?.code, cause: error.cause?.code }),
);
fs.writeSync(1, JSON.stringify({ ...outcome, trace }) + '\\n');
`;
