import { once } from 'node:events';
import { request, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';

/** An upload that goes on for as long as its sender wants. */
export interface OpenUpload {
  readonly request: ClientRequest;
  /** Resolves with status and text of the answer; rejects when the connection breaks first. */
  readonly answer: Promise<{ status: number; text: string }>;
}

/** Begins an upload and resolves once the gateway is reading it (it has answered `100 Continue`). */
export async function beginUpload(
  url: string,
  token: string,
  id: string,
  headers: Record<string, string> = {},
): Promise<OpenUpload> {
  const upload = request(`${url}/v1/sources/${id}/content`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, expect: '100-continue', ...headers },
    agent: false,
  });
  const answer = once(upload, 'response').then(async ([response]) => readAll(response as IncomingMessage));
  // Whoever waits for the answer sees the failure; nobody may be waiting yet.
  answer.catch(() => undefined);
  upload.flushHeaders();
  await Promise.race([once(upload, 'continue'), answer]);
  return { request: upload, answer };
}

/** Begins a download and resolves with its unread answer. */
export async function beginDownload(
  url: string,
  token: string,
  path: string,
  agent: Agent | false = false,
): Promise<IncomingMessage> {
  const download = request(`${url}${path}`, { headers: { authorization: `Bearer ${token}` }, agent });
  download.end();
  const [response] = (await once(download, 'response')) as [IncomingMessage];
  return response;
}

/** Reads an answer to its end; rejects when it is cut. */
export async function readAll(response: IncomingMessage): Promise<{ status: number; text: string }> {
  const bytes = await readBytes(response);
  return { status: response.statusCode ?? 0, text: bytes.toString('utf8') };
}

/** The bytes of an answer; rejects when it is cut. */
export async function readBytes(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
