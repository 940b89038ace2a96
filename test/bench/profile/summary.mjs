/** What a CPU profile (the format of Chrome's DevTools protocol) says about who took the time. */

const PACKAGES = [
  [/^@nestjs\//, 'Nest'],
  [
    /^(?:fastify|@fastify\/.*|find-my-way|avvio|light-my-request|fast-json-stringify|fast-querystring|secure-json-parse)$/,
    'Fastify',
  ],
  [/^(?:class-validator|class-transformer|validator)$/, 'class-validator, class-transformer'],
  [
    /^(?:pino|pino-.*|sonic-boom|thread-stream|fast-redact|@pinojs\/.*|safe-stable-stringify|quick-format-unescaped)$/,
    'pino',
  ],
  [/^(?:pg|pg-.*|pgpass|postgres-.*)$/, 'pg'],
  [/^typeorm$/, 'TypeORM'],
  [/^rxjs$/, 'RxJS'],
  [/^prom-client$/, 'prom-client'],
];
const NODE_PARTS = [
  [/^node:(?:internal\/http|_http_|http\b|internal\/url|url\b|querystring)/, 'node: http'],
  [/^node:(?:net\b|internal\/(?:net|stream_base_commons|dtrace)|tls|_tls)/, 'node: net'],
  [/^node:(?:fs\b|internal\/fs)/, 'node: fs'],
  [/^node:(?:stream|internal\/streams|_stream|string_decoder)/, 'node: streams'],
  [/^node:(?:crypto|internal\/crypto)/, 'node: crypto'],
  [/^node:(?:buffer|internal\/buffer|internal\/blob)/, 'node: buffers'],
  [
    /^node:(?:events|internal\/(?:timers|process|async_hooks|promise|abort|event)|async_hooks|timers|diagnostics_channel)/,
    'node: events, timers, async',
  ],
];
/** Frames of no function. */
const SPECIAL = {
  '(idle)': 'idle',
  '(garbage collector)': 'garbage collection',
  '(program)': 'native code (V8, libuv, the kernel)',
};

/** Whose a function is, by its name and by where it stands; null for what is built in, which works for its caller. */
export function ownerOf({ functionName, url }) {
  if (Object.hasOwn(SPECIAL, functionName)) return SPECIAL[functionName];
  if (url === '') return null;
  if (url.startsWith('node:'))
    return NODE_PARTS.find(([pattern]) => pattern.test(url))?.[1] ?? 'node: others';
  const packageName = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (packageName !== undefined)
    return PACKAGES.find(([pattern]) => pattern.test(packageName))?.[1] ?? packageName;
  return /\/dist\/(libs\/[^/]+|apps\/[^/]+)\//.exec(url)?.[1] ?? 'others';
}

/**
 * Self time: `{busyMs, totalMs, owners: [{owner, ms}], functions: [{name, place, ms}]}`, the largest first. What is built
 * in (a system call, `JSON.parse`) is its caller's, by owner. A function is what has one name at one place, by whichever
 * way it was called.
 */
export function summarize({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const ownersOf = ownersByNode(nodes);
  const owners = new Map();
  const functions = new Map();
  samples.forEach((id, index) => {
    // The delta is the time before its sample, in microseconds; a clock that was set back counts for nothing.
    const ms = Math.max(0, timeDeltas[index + 1] ?? 0) / 1_000;
    const frame = frames.get(id);
    const owner = ownersOf.get(id);
    add(owners, owner, { owner }, ms);
    if (Object.hasOwn(SPECIAL, frame.functionName)) return;
    const [name, place] = [frame.functionName || '(anonymous)', placeOf(frame)];
    add(functions, `${name} ${place}`, { name, place }, ms);
  });
  const totalMs = [...owners.values()].reduce((sum, { ms }) => sum + ms, 0);
  const busyMs = totalMs - (owners.get('idle')?.ms ?? 0);
  return { totalMs, busyMs, owners: largestFirst(owners), functions: largestFirst(functions) };
}

/** Callers come before those whom they call. */
function ownersByNode(nodes) {
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const owners = new Map();
  for (const { id, callFrame } of nodes)
    owners.set(id, ownerOf(callFrame) ?? owners.get(callers.get(id)) ?? 'built into V8');
  return owners;
}

function add(sums, key, entry, ms) {
  const sum = sums.get(key);
  if (sum === undefined) sums.set(key, { ...entry, ms });
  else sum.ms += ms;
}

const largestFirst = (sums) => [...sums.values()].toSorted((one, other) => other.ms - one.ms);

/** File and line as they are in the clone, without the way to a package; nothing of what is built in. */
function placeOf({ url, lineNumber }) {
  if (url === '') return '';
  const path = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/(?=dist\/(?:libs|apps)\/)/, '');
  return `${path}:${lineNumber + 1}`;
}
