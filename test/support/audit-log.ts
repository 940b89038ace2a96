import { expectStatus, type Api, type Json } from './api.js';
import { eventually } from './eventually.js';

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

/** Waits until a log has as many entries as are wanted, and answers them. */
export async function entriesArriving(
  reader: Api,
  filter: Readonly<Record<string, string>>,
  count: number,
): Promise<Entry[]> {
  return await eventually(`${count} entries in the log`, async () => {
    const entries = await entriesOf(reader, filter);
    return entries.length >= count && entries;
  });
}
