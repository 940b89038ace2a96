import { Agent, request } from 'node:http';

/** One request of a pair. The path goes out as it is. */
export interface TimedRequest {
  readonly method?: string;
  readonly path: string;
  readonly token: string | null;
  readonly json?: unknown;
}

/** What many pairs came to. Times are milliseconds. */
export interface PairedTimes {
  /** Median of the one kind less the median of the other. */
  readonly difference: number;
  /** Every status that either kind was answered with. */
  readonly statuses: readonly number[];
  /** Connections that were opened. */
  readonly connections: number;
}

/**
 * Sends pairs of requests over one kept connection, one after the other, and compares the medians of their times. The
 * order within each pair is drawn, so that neither kind always comes first; both are measured in the same moments, so
 * that the difference does not depend on how fast, or how busy, the machine is.
 */
export async function timePairs(
  url: string,
  pairs: number,
  one: () => TimedRequest,
  other: () => TimedRequest,
): Promise<PairedTimes> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times = { one: [] as number[], other: [] as number[] };
  const statuses = new Set<number>();
  let connections = 0;
  const measure = async (kind: 'one' | 'other'): Promise<void> => {
    const question = kind === 'one' ? one() : other();
    const begin = performance.now();
    const { status, reused } = await send(agent, url, question);
    times[kind].push(performance.now() - begin);
    statuses.add(status);
    if (!reused) connections += 1;
  };
  try {
    for (let pair = 0; pair < pairs; pair += 1) {
      const first = Math.random() < 0.5 ? 'one' : 'other';
      await measure(first);
      await measure(first === 'one' ? 'other' : 'one');
    }
  } finally {
    agent.destroy();
  }
  return { difference: median(times.one) - median(times.other), statuses: [...statuses], connections };
}

/** Resolves when the answer has been read to its end. */
function send(
  agent: Agent,
  url: string,
  { method = 'GET', path, token, json }: TimedRequest,
): Promise<{ status: number; reused: boolean }> {
  const { hostname, port } = new URL(url);
  const body = json === undefined ? '' : JSON.stringify(json);
  const headers = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent, hostname, port, method, path, headers }, (incoming) => {
      incoming.once('end', () =>
        resolve({ status: incoming.statusCode ?? 0, reused: outgoing.reusedSocket }),
      );
      incoming.once('error', reject);
      incoming.resume();
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
