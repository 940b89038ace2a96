import { expectStatus, type Api, type Json } from './api.js';

/** An entry of a tenant's log, as answered. */
export interface Entry {
  readonly entry_id: string;
  readonly at: string;
  readonly action: string;
  readonly outcome: string;
  readonly token_id: string | null;
  readonly role: string | null;
  readonly link_id: string | null;
  readonly sub_tenant_id: string | null;
  readonly target_kind: string | null;
  readonly target_id: string | null;
  readonly request_id: string | null;
  readonly address: string | null;
  readonly details: Json;
}

/** Entries of a log but those of its own being read, newest first, of a page of a hundred. */
export async function deedsOf(reader: Api, filter: Readonly<Record<string, string>> = {}): Promise<Entry[]> {
  return (await entriesOf(reader, filter)).filter(({ action }) => action !== 'audit.read');
}

/** Entries of a log, newest first: a page of a hundred. */
export async function entriesOf(
  reader: Api,
  filter: Readonly<Record<string, string>> = {},
): Promise<Entry[]> {
  const answer = await reader.get(`/v1/audit?${new URLSearchParams({ limit: '100', ...filter }).toString()}`);
  expectStatus(answer, 200);
  return answer.json.data as Entry[];
}

/** The entries of one request, in the order of time. */
export async function entriesOfRequest(reader: Api, requestId: string): Promise<Entry[]> {
  return (await entriesOf(reader)).filter((entry) => entry.request_id === requestId).reverse();
}
