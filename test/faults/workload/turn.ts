import type { Agent } from 'node:http';

import type { Choices } from '../choices.js';
import type { Owner } from '../content/owner.js';
import type { Result, Version } from '../ledger/entry.js';
import type { Run } from '../run.js';
import { jsonOf, send, Unanswered, type Answer, type Call } from '../wire/call.js';
import type { GatewaySlot } from '../world/gateway-slot.js';
import { codeOf, describeAttempt, verdictOf, type Attempt, type Verdict } from './exchange.js';

/** A change of a source that a client asks for. */
export interface Change {
  readonly kind: string;
  readonly subject: string;
  /** What there will be; null: nothing. */
  readonly effect: Version | null;
  /** See `IntentEntry`. */
  readonly guarded: boolean;
  /** May be sent again when nothing was heard of it. */
  readonly repeatable: boolean;
  readonly call: Call;
}

/** What a client was told of a change in the end. */
export interface Told {
  readonly answer: Answer | null;
  readonly attempts: number;
  /** The id of the source that it made or replaced; null where that is not known. */
  readonly sourceId: string | null;
}

/** What a change came to. */
export interface Changed {
  readonly result: Result;
  readonly answer: Answer | null;
  readonly json: Readonly<Record<string, unknown>> | null;
}

/** What a client does at one time: everything is drawn from the turn's own choices, and all of it is written down. */
export class Turn {
  #gateways: readonly GatewaySlot[];

  constructor(
    readonly run: Run,
    readonly client: number,
    readonly choices: Choices,
    readonly owner: Owner,
    private readonly agent: Agent,
  ) {
    this.#gateways = choices.shuffled(run.world.gateways);
  }

  /** The token that works with the owner's sources. */
  get editor(): string {
    return this.run.world.credentials.editors.get(this.owner.tenantId) ?? '';
  }

  get admin(): string {
    return this.run.world.credentials.admins.get(this.owner.tenantId) ?? '';
  }

  /** A call about the owner's sources. */
  call(method: string, path: string, rest: Partial<Call> = {}): Call {
    const headers = { 'x-sub-tenant-id': this.owner.subTenantId, ...rest.headers };
    return { token: this.editor, ...rest, method, path, headers };
  }

  /** A call with a JSON body. */
  json(method: string, path: string, body: unknown, rest: Partial<Call> = {}): Call {
    const headers = { 'content-type': 'application/json', ...rest.headers };
    return this.call(method, path, { ...rest, headers, body: Buffer.from(JSON.stringify(body)) });
  }

  /** What comes next is sent to the other gateway first. */
  turnToOther(): void {
    this.#gateways = this.#gateways.toReversed();
  }

  /**
   * Sends a call to one gateway and, when nothing was heard of it or it is told to come back, once more to the other one,
   * as a load balancer does. Answers every try; what failed both times is reported.
   */
  async ask(kind: string, call: Call, repeatable = true): Promise<Attempt[]> {
    const began = this.run.ledger.now;
    const attempts: Attempt[] = [];
    for (const gateway of this.#gateways) {
      const attempt = await this.#attempt(gateway, call);
      attempts.push(attempt);
      const mayRepeat = repeatable || !attempt.sent;
      if (!mayRepeat || !isWorthRepeating(attempt)) break;
    }
    this.#judge(kind, began, attempts, repeatable);
    return attempts;
  }

  /** Asks for a change, with its intent and its outcome in the ledger. */
  async change(change: Change): Promise<Changed> {
    const { kind, effect, guarded, repeatable, call } = change;
    const op = await this.intend(change);
    const attempts = await this.ask(kind, withRequestId(call, op), repeatable);
    const answer = attempts.at(-1)?.answer ?? null;
    const json = answer === null ? null : jsonOf(answer);
    const verdict = verdictOf(attempts, guarded);
    const id = verdict.result === 'ok' && effect !== null ? json?.['source_id'] : null;
    const sourceId = typeof id === 'string' ? id : null;
    await this.conclude(op, kind, verdict, { answer, attempts: attempts.length, sourceId });
    return { result: verdict.result, answer, json };
  }

  /** Writes down what is about to be asked for; answers the number of the operation. */
  async intend({ kind, subject, effect, guarded }: Omit<Change, 'call' | 'repeatable'>): Promise<number> {
    const { ledger, nextOp } = this.run;
    const op = nextOp();
    await ledger.append({ type: 'intent', op, client: this.client, kind, subject, effect, guarded });
    return op;
  }

  /** Writes down what became of an operation, as far as its client knows. */
  async conclude(op: number, kind: string, { result, closed }: Verdict, told: Told): Promise<void> {
    const { ledger, report } = this.run;
    const { answer, attempts, sourceId } = told;
    const [status, code] = answer === null ? [null, null] : [answer.status, codeOf(answer)];
    await ledger.append({ type: 'outcome', op, result, closed, status, code, attempts, sourceId });
    report.countOperation(kind, result);
    if (code !== null) report.countCode(code);
  }

  async #attempt({ name, url }: GatewaySlot, call: Call): Promise<Attempt> {
    const began = performance.now();
    const end = (): Pick<Attempt, 'gateway' | 'tookMs'> => ({
      gateway: name,
      tookMs: performance.now() - began,
    });
    try {
      const answer = await send(url, call, this.agent);
      return { answer, sent: true, reason: '', ...end() };
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      return { answer: null, sent: error.sent, reason: error.message, ...end() };
    }
  }

  #judge(kind: string, began: number, attempts: readonly Attempt[], repeatable: boolean): void {
    const last = attempts.at(-1);
    const status = last?.answer?.status ?? null;
    if (status === null || status >= 500) {
      const why = attempts.map(describeAttempt).join('; ');
      this.run.report.countFailure({ kind, why, began, ended: this.run.ledger.now, repeatable });
    }
    for (const { answer } of attempts)
      if (answer?.status === 500)
        void this.run.report.violate(
          'I9',
          `${kind} was answered with 500 ${answer.bytes.toString('utf8', 0, 300)}`,
        );
  }
}

function isWorthRepeating({ answer }: Attempt): boolean {
  return answer === null || answer.status === 503;
}

/** A call that says which operation it is of. */
export function withRequestId(call: Call, op: number): Call {
  return { ...call, headers: { ...call.headers, 'x-request-id': requestIdOf(op) } };
}

/** What names an operation in the headers of its requests. */
export function requestIdOf(op: number): string {
  return `op-${String(op).padStart(8, '0')}`;
}

/** The operation that a request is of; null for one that is of none. */
export function opOf(requestId: string | undefined): number | null {
  const number = /^op-(\d{8,})$/.exec(requestId ?? '')?.[1];
  return number === undefined ? null : Number(number);
}
