/**
 * A client of the "fetch source content" call, written from its page alone: a base URL, a key, and what the page says
 * a caller can rely on. It knows nothing of the gateway.
 */

/** Body of the request, as on the page. */
export interface FetchRequest {
  readonly tenant_id: string;
  readonly source_id: string;
  readonly sub_tenant_id?: string | null;
  readonly mode?: 'content' | 'url' | 'both';
  /** Named in the page's text: true for the content, false for a URL. */
  readonly return_content?: boolean;
  readonly expiry_seconds?: number;
}

/** Body of a successful response, as on the page. */
export interface FetchResponse {
  readonly source_id: string;
  readonly success: boolean;
  readonly content: string | null;
  readonly content_base64: string | null;
  readonly presigned_url: string | null;
  readonly content_type: string | null;
  readonly size_bytes: number | null;
  readonly message: string;
  readonly error: string | null;
}

/** Failure that the server reported. */
export class FetchFailed extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The client. */
export class FetchContentClient {
  constructor(
    private readonly baseUrl: string,
    private readonly key: string,
  ) {}

  async fetchSourceContent(request: FetchRequest): Promise<FetchResponse> {
    const response = await fetch(`${this.baseUrl}/fetch/fetch-source-content`, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        authorization: `Bearer ${this.key}`,
      },
      body: JSON.stringify(request),
    });
    const body: unknown = await response.json();
    if (!response.ok) throw failure(response.status, body);
    const answer = checked(body);
    if (!answer.success || answer.error) throw new FetchFailed(response.status, '', answer.error ?? 'failed');
    return answer;
  }

  /** The bytes, however the server chose to send them. */
  async read(request: Omit<FetchRequest, 'mode'>): Promise<Buffer> {
    const answer = await this.fetchSourceContent({ ...request, mode: 'content' });
    if (answer.content !== null) return Buffer.from(answer.content, 'utf8');
    return Buffer.from(answer.content_base64 ?? '', 'base64');
  }

  /** The bytes by way of the URL, which needs no key. */
  async download(request: Omit<FetchRequest, 'mode'>): Promise<Buffer> {
    const { presigned_url: url } = await this.fetchSourceContent({ ...request, mode: 'url' });
    if (url === null) throw new Error('No URL came.');
    return Buffer.from(await (await fetch(url)).arrayBuffer());
  }
}

/** Every field of the page's response with its types there; throws at the first that is another. */
function checked(body: unknown): FetchResponse {
  const answer = body as Record<string, unknown>;
  for (const [field, types] of Object.entries(FIELDS))
    if (!types.includes(answer[field] === null ? 'null' : typeof answer[field]))
      throw new Error(`${field} is not ${types.join(' or ')}: ${JSON.stringify(answer[field])}`);
  return body as FetchResponse;
}

const FIELDS: Readonly<Record<keyof FetchResponse, readonly string[]>> = {
  source_id: ['string'],
  success: ['boolean'],
  content: ['string', 'null'],
  content_base64: ['string', 'null'],
  presigned_url: ['string', 'null'],
  content_type: ['string', 'null'],
  size_bytes: ['number', 'null'],
  message: ['string'],
  error: ['string', 'null'],
};

function failure(status: number, body: unknown): FetchFailed {
  const { detail } = body as { detail: { success: boolean; message: string; error_code: string } };
  return new FetchFailed(status, detail.error_code, detail.message);
}
