import { CodedError, type ErrorKind } from '#kernel';

import type { ProbeStep } from './probe-steps.js';

const KINDS = {
  notFound: { code: 'storage_binding_not_found', status: 404, title: 'No storage binding of its own' },
  operatorOnly: {
    code: 'operator_storage_forbidden',
    status: 403,
    title: 'Only the platform may give this storage',
  },
  probeFailed: { code: 'storage_probe_failed', status: 422, title: 'The storage cannot be used' },
} as const satisfies Record<string, ErrorKind>;

/** Failures that concern storage bindings. */
export const StorageBindingErrors = {
  kinds: KINDS,
  notFound: () =>
    new CodedError(KINDS.notFound, "The tenant has no storage of its own; its objects go to the operator's."),
  filesystem: () =>
    new CodedError(
      KINDS.operatorOnly,
      "Only a platform token may bind a tenant to the gateway's own data folder.",
    ),
  credentials: () =>
    new CodedError(
      KINDS.operatorOnly,
      "A binding without credentials uses the operator's: only a platform token may make one.",
    ),
  /** `steps` in the order they were taken; the first that is not ok is where it failed. */
  probeFailed: (steps: readonly ProbeStep[], cause?: unknown) => {
    const failed = steps.find(({ ok }) => ok === false);
    const reason = failed === undefined ? '' : ` at "${failed.step}": ${failed.reason ?? ''}`;
    return new CodedError(KINDS.probeFailed, `The storage was tried out and failed${reason}`, {
      cause,
      fields: { steps },
    });
  },
};
