import type { Agent } from 'node:http';

import { ownerCodesIn, patternBytes, sha256 } from '../content/pattern.js';
import { writeOf } from '../content/naming.js';
import type { Owner } from '../content/owner.js';
import type { ReadBack, SourceRow } from '../invariants/observation.js';
import { contentOf, type Run } from '../run.js';
import { jsonOf, send, Unanswered, type Answer, type Call } from '../wire/call.js';
import type { GatewaySlot } from '../world/gateway-slot.js';

/** Longest part that is asked for. */
const PART_BYTES = 5_000;

/** A source to be read back; `row` is null where there has to be none. */
export interface Wanted {
  readonly owner: Owner;
  readonly subject: string;
  readonly id: string;
  readonly row: SourceRow | null;
}

/** Reads one source back: metadata and content through one gateway, a part and a link through the other. */
export async function readBack(
  run: Run,
  agent: Agent,
  wanted: Wanted,
  [one, other]: readonly [GatewaySlot, GatewaySlot],
): Promise<ReadBack[]> {
  const reader = new Reader(run, agent, wanted);
  const both = [await reader.metadata(one), await reader.content(one)];
  if (wanted.row === null) return [...both, await reader.metadata(other)];
  const part = wanted.row.sizeBytes === 0 ? [] : [await reader.part(other)];
  return [...both, ...part, await reader.link(other)];
}

class Reader {
  /** Why the last request that got no answer got none. */
  #why = '';

  constructor(
    private readonly run: Run,
    private readonly agent: Agent,
    private readonly wanted: Wanted,
  ) {}

  async metadata(gateway: GatewaySlot): Promise<ReadBack> {
    const answer = await this.#ask(gateway, 'GET', `/v1/sources/${this.wanted.id}`);
    const source = answer?.status === 200 ? jsonOf(answer) : null;
    return {
      ...this.#seen(gateway, 'metadata', answer, null),
      sha256: source === null ? null : String(source['checksum_sha256']),
      name: source === null ? null : String(source['name']),
      contentType: source === null ? null : String(source['content_type']),
    };
  }

  async content(gateway: GatewaySlot): Promise<ReadBack> {
    const answer = await this.#ask(gateway, 'GET', `/v1/sources/${this.wanted.id}/content`);
    return this.#seen(gateway, 'content', answer, null);
  }

  /** The last bytes, which a content that was cut short does not have. */
  async part(gateway: GatewaySlot): Promise<ReadBack> {
    const { row, owner, id } = this.wanted;
    const size = row?.sizeBytes ?? 0;
    const start = Math.max(0, size - PART_BYTES);
    const content = contentOf(this.run, owner, { write: writeOf(row?.name ?? '') ?? -1, sizeBytes: size });
    const headers = { range: `bytes=${start}-${size - 1}` };
    const answer = await this.#ask(gateway, 'GET', `/v1/sources/${id}/content`, { headers });
    return this.#seen(gateway, 'range', answer, sha256(patternBytes(content, start, size)));
  }

  async link(gateway: GatewaySlot): Promise<ReadBack> {
    const made = await this.#ask(gateway, 'POST', `/v1/sources/${this.wanted.id}/links`, {
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{"expires_in":60}'),
    });
    if (made?.status !== 201) return this.#seen(gateway, 'link', made, null);
    const { pathname } = new URL(String(jsonOf(made)?.['url']));
    const first = await this.#send(gateway.url, { method: 'GET', path: pathname });
    const leadsOn = first?.status === 302;
    const answer = leadsOn
      ? await this.#send(gateway.url, { method: 'GET', path: first.headers.location ?? '' })
      : first;
    return this.#seen(gateway, 'link', answer, null);
  }

  #seen(
    gateway: GatewaySlot,
    via: ReadBack['via'],
    answer: Answer | null,
    expectedSha256: string | null,
  ): ReadBack {
    const why = answer === null ? this.#why : '';
    const body = via !== 'metadata' && (answer?.status === 200 || answer?.status === 206) ? answer : null;
    return {
      subject: this.wanted.subject,
      gateway: gateway.name,
      via,
      status: answer?.status ?? null,
      why,
      sha256: body === null ? null : sha256(body.bytes),
      expectedSha256,
      name: null,
      contentType: body?.headers['content-type'] ?? null,
      ownerCodes: body === null ? [] : [...ownerCodesIn(body.bytes)],
    };
  }

  #ask(gateway: GatewaySlot, method: string, path: string, rest: Partial<Call> = {}): Promise<Answer | null> {
    const { tenantId, subTenantId } = this.wanted.owner;
    const token = this.run.world.credentials.editors.get(tenantId) ?? null;
    const headers = { 'x-sub-tenant-id': subTenantId, ...rest.headers };
    return this.#send(gateway.url, { token, ...rest, method, path, headers });
  }

  async #send(base: string, call: Call): Promise<Answer | null> {
    const began = performance.now();
    try {
      return await send(base, call, this.agent);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      this.#why = `${error.message} after ${(performance.now() - began).toFixed(0)} ms`;
      return null;
    }
  }
}
