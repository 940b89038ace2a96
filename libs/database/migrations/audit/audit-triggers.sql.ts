/**
 * Who makes the changes of a transaction stands in its setting `gatehold.audit`, as JSON: `action`, `token_id`, `role`,
 * `request_id`, `address`, or `each`, an object of those by the id of the source that is made. Where it stands, these
 * triggers write what was changed into the log of the tenant, in that very transaction; where it does not, in the
 * gateway's own housekeeping, they cost next to nothing.
 *
 * They are on statements, so that a statement over a thousand rows writes once, whatever code it comes from.
 */

type Operation = 'INSERT' | 'UPDATE' | 'DELETE';

/** How rows of a table are told of. `r` is the row as it is, or was; `b` is the row before an update, `f` who does it. */
interface Audited {
  readonly table: string;
  readonly kind: string;
  readonly id: string;
  readonly subTenant: string;
  readonly details: string;
  /** By operation, which rows are told of, and as what. Operations that are not here are not. */
  readonly on: Partial<Record<Operation, { readonly when: string; readonly action: string }>>;
}

const ASKED = "f->>'action'";

/** As what the request has asked for, where it has asked for that: what follows from something else is told of as that. */
function asked(kind: string, and = 'true') {
  return { when: `split_part(${ASKED}, '.', 1) = '${kind}' AND ${and}`, action: ASKED };
}

const AUDITED: readonly Audited[] = [
  {
    table: 'tenants',
    kind: 'tenant',
    id: 'tenant_id',
    subTenant: 'NULL::text',
    details: "'{}'::jsonb",
    on: { INSERT: asked('tenant'), UPDATE: asked('tenant'), DELETE: asked('tenant') },
  },
  {
    table: 'sub_tenants',
    kind: 'sub_tenant',
    id: 'sub_tenant_id',
    subTenant: 'r.sub_tenant_id',
    details: "'{}'::jsonb",
    on: { INSERT: asked('sub_tenant'), UPDATE: asked('sub_tenant'), DELETE: asked('sub_tenant') },
  },
  {
    table: 'tokens',
    kind: 'token',
    id: 'token_id',
    subTenant: 'NULL::text',
    details: "jsonb_build_object('role', r.role)",
    // When it was last used is in the row as well.
    on: {
      INSERT: asked('token'),
      UPDATE: asked('token', 'r.last_used_at IS NOT DISTINCT FROM b.last_used_at'),
    },
  },
  {
    table: 'signing_keys',
    kind: 'signing_key',
    id: 'key_id',
    subTenant: 'NULL::text',
    details: "'{}'::jsonb",
    on: { INSERT: asked('signing_key'), UPDATE: asked('signing_key') },
  },
  {
    table: 'storage_bindings',
    kind: 'storage_binding',
    id: 'binding_id',
    subTenant: 'NULL::text',
    details: "jsonb_build_object('adapter', r.adapter)",
    on: {
      INSERT: asked('storage_binding'),
      UPDATE: asked('storage_binding', `(r.retired_at IS NULL) = (${ASKED} <> 'storage_binding.remove')`),
    },
  },
  {
    table: 'links',
    kind: 'link',
    id: 'link_id',
    subTenant: 'r.sub_tenant_id',
    details: "jsonb_build_object('source_id', r.source_id)",
    // How often it was opened is in the row as well.
    on: { INSERT: asked('link'), UPDATE: asked('link', 'r.revoked_at IS DISTINCT FROM b.revoked_at') },
  },
  {
    table: 'link_marks',
    kind: 'link',
    id: 'target',
    subTenant: 'NULL::text',
    details: "jsonb_build_object('issued_before', r.issued_before)",
    on: { INSERT: asked('link'), UPDATE: asked('link') },
  },
  {
    table: 'sources',
    kind: 'source',
    id: 'source_id',
    subTenant: 'r.sub_tenant_id',
    details: "jsonb_build_object('version', r.version, 'size_bytes', r.size_bytes)",
    on: {
      INSERT: { when: "r.status = 'available'", action: "'source.create'" },
      UPDATE: {
        when: "r.status = 'available'",
        action: `CASE WHEN b.status <> 'available' THEN 'source.create' WHEN b.object_key <> r.object_key
          THEN 'source.replace' ELSE 'source.update' END`,
      },
      DELETE: { when: "r.status = 'available'", action: "'source.delete'" },
    },
  },
  {
    table: 'uploads',
    kind: 'upload',
    id: 'upload_id',
    subTenant: 'r.sub_tenant_id',
    details: "jsonb_build_object('source_id', r.source_id, 'token_id', r.created_by)",
    on: {
      INSERT: { when: "r.kind <> 'direct' AND r.part_of IS NULL", action: "'upload.create'" },
      UPDATE: {
        when: 'r.state <> b.state AND r.part_of IS NULL',
        action: "CASE r.state WHEN 'completed' THEN 'upload.complete' ELSE 'upload.abort' END",
      },
    },
  },
];

/** What the two sides of a change are called in a trigger. */
const SIDES: Readonly<Record<Operation, string>> = {
  INSERT: 'NEW TABLE AS changed',
  UPDATE: 'NEW TABLE AS changed OLD TABLE AS before',
  DELETE: 'OLD TABLE AS changed',
};

function triggerSql({ table, kind, id, subTenant, details, on }: Audited, operation: Operation): string {
  const told = on[operation];
  if (told === undefined) return '';
  const name = `audit_${table}_${operation.toLowerCase()}`;
  const key =
    table === 'tenants'
      ? 'r.tenant_key'
      : '(SELECT t.tenant_key FROM public.tenants t WHERE t.tenant_id = r.tenant_id)';
  const before =
    operation === 'UPDATE' ? `JOIN before b ON b.tenant_id = r.tenant_id AND b.${id} = r.${id}` : '';
  return `
CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  asked jsonb := current_setting('gatehold.audit', true);
  moment timestamptz(3) := clock_timestamp();
BEGIN
  INSERT INTO public.audit_entries (tenant_id, entry_id, tenant_key, at, action, outcome, token_id, role, sub_tenant_id,
    target_kind, target_id, request_id, address, details)
  SELECT r.tenant_id, public.audit_entry_id(moment), ${key}, moment, ${told.action}, 'success', (f->>'token_id')::uuid,
    f->>'role', ${subTenant}, '${kind}', r.${id}::text, f->>'request_id', f->>'address', ${details}
  FROM changed r ${before}
  CROSS JOIN LATERAL (SELECT coalesce(asked->'each'->(r.${id}::text), asked) AS f) AS who
  WHERE ${told.when};
  RETURN NULL;
END $$;
CREATE TRIGGER ${name} AFTER ${operation} ON ${table} REFERENCING ${SIDES[operation]}
  FOR EACH STATEMENT WHEN (current_setting('gatehold.audit', true) <> '') EXECUTE FUNCTION ${name}();
`;
}

/** One text per table. */
export const AUDIT_TRIGGERS_SQL: readonly string[] = AUDITED.map((audited) =>
  (['INSERT', 'UPDATE', 'DELETE'] as const).map((operation) => triggerSql(audited, operation)).join(''),
);
