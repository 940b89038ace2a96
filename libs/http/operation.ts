import type { CodedError, Scope } from '#kernel';

/** Who may call an operation: nobody in particular, any valid token, or a token carrying one of the scopes. */
export type Access = 'public' | 'authenticated' | { readonly anyOf: readonly [Scope, ...Scope[]] };

/**
 * How the tenant of a request is found:
 * - `none`: the operation concerns no tenant;
 * - `path`: the tenant is named in the path; any other than the token's own answers like one that does not exist;
 * - `context`: tenant and sub-tenant come from the resolvers;
 * - `tenant`: as `context`, without a sub-tenant: the operation looks in all that the token may see.
 */
export type Tenancy = 'none' | 'path' | 'context' | 'tenant';

/** How a body is read: parsed JSON up to 1 MiB (default), a stream of any length, parts of a form, or not at all. */
export type BodyMode = 'json' | 'raw' | 'multipart' | 'none';

/**
 * How an operation honours `Idempotency-Key`:
 * - `atomic`: it touches the database only, so it runs in one transaction with the record of its answer;
 * - `effectless`: nothing that it makes lasts, so its answer is recorded afterwards, and the first one recorded counts;
 * - `staged`: it does more than that, and records its answer itself, in the transaction that makes its effect.
 */
export type Idempotency = 'atomic' | 'effectless' | 'staged';

/** What the audit log calls something that was done: the kind of what it was done to, and what. */
export type AuditAction = `${string}.${string}`;

/**
 * How an operation is told of in the audit log:
 * - `change`: what it changes is written down by the transaction that changes it, as this where it is what was asked for;
 * - `read`: what it hands out is, as this;
 * - `null`: it neither changes nor hands out anything of a tenant's.
 */
export type Audited = { readonly change: AuditAction } | { readonly read: AuditAction } | null;

/** Something of a tenant's that an answer hands out: bytes, or a URL for them. */
export interface HandedOut {
  readonly tenantId: string;
  readonly subTenantId: string;
  readonly sourceId: string;
  /** What the log calls it, where that is another action than the operation's. */
  readonly action?: AuditAction;
  /** Where a link was shown for it: the link, or the token that issued it. */
  readonly link?: { readonly linkId: string | null; readonly tokenId: string | null };
}

/** Many sources of a sub-tenant that one answer hands out URLs for. */
export interface ManyHandedOut {
  readonly tenantId: string;
  readonly subTenantId: string;
  /** UUIDs with commas between them, one at least: one text, because they are kept until they have been written down. */
  readonly sourceIds: string;
}

/** Everything an operation declares about itself; guard, router, body parser and OpenAPI read it from here. */
export interface OperationOptions {
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly tenancy: Tenancy;
  readonly body?: BodyMode;
  /** Its answer may carry a file; a body that may is told by {@link body}. */
  readonly transfers?: true;
  /** Needed wherever the method is not one that only looks. */
  readonly audit?: Audited;
  /** For operations that make something. Absent: a key is not looked at. */
  readonly idempotent?: Idempotency;
  /**
   * It is asked for so often that what Nest does for each of its requests would cost more than it does itself: its method is
   * called without that, see `routeDirectly`.
   */
  readonly direct?: true;
  /** Status of success; 200 unless named. */
  readonly status?: number;
  /**
   * Errors beyond those that access, tenancy and body imply, as they are thrown; a status stands for the usual one of
   * that status. For the OpenAPI document only.
   */
  readonly errors?: readonly (CodedError | number)[];
  /** Which resolvers and which error body apply. */
  readonly family?: 'native' | 'knowledge-base' | 'fetch';
}

/** Metadata key under which the guard finds {@link OperationOptions}. */
export const OPERATION = Symbol('gatehold:operation');
