/** What a URL of a storage says of itself. Milliseconds since 1970. */
export interface SignedLife {
  /** Null where a URL names its end alone, as those of Azure do. */
  readonly begin: number | null;
  readonly end: number;
}

/** When a URL of S3 or of Azure begins and ends, by what is signed in it. */
export function signedLife(url: string): SignedLife {
  const query = new URL(url).searchParams;
  const end = query.get('se');
  if (end !== null) return { begin: null, end: Date.parse(end) };
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '') ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const begin = Date.UTC(year, month - 1, day, hour, minute, second);
  return { begin, end: begin + Number(query.get('X-Amz-Expires')) * 1000 };
}

/** The parameter that carries the signature of a URL. */
export function signatureOf(url: string): string {
  return new URL(url).searchParams.has('sig') ? 'sig' : 'X-Amz-Signature';
}

/** A URL that somebody has changed, by what it would be good for if the storage took it; `other` opens another object. */
export function forgeries(url: string, other: string): Record<string, string> {
  const forge = (change: (target: URL) => void): string => {
    const target = new URL(url);
    change(target);
    return target.href;
  };
  const set = (name: string, value: string): string =>
    forge(({ searchParams }) => searchParams.set(name, value));
  const signature = signatureOf(url);
  const own =
    signature === 'sig'
      ? {
          bucket: forge(
            (target) => (target.pathname = target.pathname.replace(/^(\/[^/]+)\/[^/]+/, '$1/another')),
          ),
          life: set('se', '2040-01-01T00:00:00Z'),
          'two lives': forge(({ searchParams }) => searchParams.append('se', '2040-01-01T00:00:00Z')),
          rights: set('sp', 'rwd'),
          reach: set('sr', 'c'),
          type: set('rsct', 'text/html'),
          disposition: set('rscd', 'inline'),
          'no disposition': forge(({ searchParams }) => searchParams.delete('rscd')),
          'a further field': set('rscc', 'public'),
          signature: set('sig', Buffer.alloc(32).toString('base64')),
        }
      : {
          bucket: forge((target) => (target.pathname = target.pathname.replace(/^\/[^/]+/, '/another'))),
          life: set('X-Amz-Expires', '604800'),
          date: set('X-Amz-Date', '20400101T000000Z'),
          'two lives': forge(({ searchParams }) => searchParams.append('X-Amz-Expires', '604800')),
          type: set('response-content-type', 'text/html'),
          disposition: set('response-content-disposition', 'inline'),
          'no disposition': forge(({ searchParams }) => searchParams.delete('response-content-disposition')),
          'a further field': set('response-cache-control', 'public'),
          signature: set('X-Amz-Signature', '0'.repeat(64)),
        };
  return {
    key: forge((target) => (target.pathname = new URL(other).pathname)),
    'above the key': forge((target) => (target.pathname += '/../other')),
    'no signature': forge(({ searchParams }) => searchParams.delete(signature)),
    ...own,
  };
}
