import type { CorruptObject, OrphanObject, ReconcileReport, VerificationReport } from '#source';

/** What came of `gatehold reconcile`, as far as it came. */
export interface Outcome {
  readonly apply: boolean;
  /** Null when it did not come to the comparison. */
  readonly comparison: ReconcileReport | null;
  /** Null when it was not asked for, or not come to. */
  readonly verification: VerificationReport | null;
  readonly abortedBecause: string | null;
}

/** As `--json` prints it. Lists show the first thousand; `counts` has how many there are. */
export type ReportDocument = Readonly<Record<string, unknown>> & {
  readonly aborted_because: string | null;
  readonly counts: Readonly<Record<string, number>>;
};

const LINES_SHOWN = 20;

/** 0 when everything agrees, 1 when something was found, 2 when it did not come to its end. */
export function exitCode({ aborted_because, counts }: ReportDocument): number {
  if (aborted_because !== null) return 2;
  return Object.values(counts).some((count) => count > 0) ? 1 : 0;
}

/** The whole report. */
export function reportDocument({ apply, comparison, verification, abortedBecause }: Outcome): ReportDocument {
  const survey = comparison?.survey ?? null;
  const corrupt = verification?.corrupt;
  return {
    checked_rows: survey?.checkedRows ?? 0,
    checked_objects: survey?.checkedObjects ?? 0,
    ...comparedLists(survey),
    ...(verification === null ? {} : verifiedLists(verification)),
    counts: {
      missing_objects: survey?.missing.count ?? 0,
      orphan_objects: survey?.orphans.count ?? 0,
      stale_uploads: survey?.stale.count ?? 0,
      unfinished_uploads: survey?.unfinished.count ?? 0,
      ...(corrupt === undefined ? {} : { corrupt_objects: corrupt.count }),
    },
    young_objects: survey?.youngObjects ?? 0,
    tenants: comparison?.tenants ?? 0,
    apply,
    removed: comparison?.removed.objects ?? 0,
    aborted_uploads: comparison?.removed.multipartUploads ?? 0,
    aborted_because: abortedBecause ?? comparison?.abortedBecause ?? verification?.abortedBecause ?? null,
  };
}

function comparedLists(survey: ReconcileReport['survey'] | null) {
  return {
    missing_objects: (survey?.missing.shown ?? []).map((missing) => ({
      ...source(missing),
      size_bytes: missing.sizeBytes,
      reason: missing.reason,
    })),
    orphan_objects: (survey?.orphans.shown ?? []).map((orphan) => ({
      ...place(orphan),
      size_bytes: orphan.sizeBytes,
      modified_at: orphan.modifiedAt.toISOString(),
    })),
    stale_uploads: (survey?.stale.shown ?? []).map((upload) => ({
      ...place(upload),
      upload_id: upload.uploadId,
      kind: upload.kind,
      expires_at: new Date(upload.expiresAt).toISOString(),
    })),
    unfinished_uploads: (survey?.unfinished.shown ?? []).map((upload) => ({
      ...place(upload),
      multipart_id: upload.multipartId,
      started_at: upload.startedAt.toISOString(),
    })),
  };
}

function verifiedLists({ objects, bytes, corrupt }: VerificationReport) {
  return {
    verified_objects: objects,
    verified_bytes: bytes,
    corrupt_objects: corrupt.shown.map((found) => ({ ...source(found), reason: found.reason })),
  };
}

/** The report for a person. */
export function reportText(document: ReportDocument): string {
  const { counts, apply, aborted_because } = document;
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  return [
    `Compared ${text(document['checked_rows'])} rows and ${text(document['checked_objects'])} objects of ` +
      `${text(document['tenants'])} tenants.`,
    ...(document['verified_objects'] === undefined
      ? []
      : [`Read ${text(document['verified_objects'])} objects, ${text(document['verified_bytes'])} bytes.`]),
    ...found.flatMap(([kind, count]) => ['', `${kind}: ${count}`, ...linesOf(document[kind], count)]),
    '',
    ...(aborted_because === null ? [] : [`ABORTED: ${aborted_because}.`]),
    apply === true
      ? `Removed ${text(document['removed'])} objects and ${text(document['aborted_uploads'])} unfinished uploads.`
      : 'Nothing was removed: this was a dry run (--apply removes).',
  ].join('\n');
}

function place({ tenantId, bindingId, objectKey }: Omit<OrphanObject, 'sizeBytes' | 'modifiedAt'>) {
  return { tenant_id: tenantId, binding_id: bindingId, object_key: objectKey };
}

function source(found: Omit<CorruptObject, 'reason'>) {
  const { subTenantId, sourceId } = found;
  return { ...place(found), sub_tenant_id: subTenantId, source_id: sourceId };
}

function linesOf(list: unknown, count: number): string[] {
  const shown = (list as Record<string, unknown>[]).slice(0, LINES_SHOWN);
  const lines = shown.map((item) => `  ${Object.values(item).map(text).join('  ')}`);
  return count > shown.length ? [...lines, `  and ${count - shown.length} more`] : lines;
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
}
