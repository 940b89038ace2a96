/**
 * A client of the "get a source download URL" call, written from its page alone: a base URL and a token. It knows
 * nothing of the gateway.
 */

/** Failure that the server reported: `detail` of its Error schema. */
export class DownloadFailed extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail);
  }
}

/** The client. */
export class SourceDownloadClient {
  constructor(
    private readonly baseUrl: string,
    private readonly token: string,
    /** What goes with every request beside the token. */
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  /** operationId getSourceDownloadUrl */
  async getSourceDownloadUrl(sourceId: string): Promise<string> {
    const url = `${this.baseUrl}/knowledge-base/sources/${sourceId}/download`;
    const response = await fetch(url, {
      headers: { ...this.headers, authorization: `Bearer ${this.token}` },
    });
    const body: unknown = await response.json();
    if (response.status !== 200)
      throw new DownloadFailed(response.status, (body as { detail: string }).detail);
    const { download_url: downloadUrl } = body as { download_url?: unknown };
    if (typeof downloadUrl !== 'string') throw new Error(`download_url is ${JSON.stringify(downloadUrl)}.`);
    return downloadUrl;
  }

  /** The file's original bytes. */
  async download(sourceId: string): Promise<Buffer> {
    const response = await fetch(await this.getSourceDownloadUrl(sourceId));
    if (!response.ok) throw new Error(`The URL answered ${response.status}.`);
    return Buffer.from(await response.arrayBuffer());
  }
}
