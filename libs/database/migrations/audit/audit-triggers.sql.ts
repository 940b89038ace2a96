/**
 * Who makes the changes of a transaction stands in its setting `gatehold.audit`, as JSON: `action`, `token_id`, `role`,
 * `request_id`, `address`. Where it stands, these triggers write what was changed into the log of the tenant, in that
 * very transaction; where it does not, in the gateway's own housekeeping, they are not called. What is made by the
 * thousand, the source of an upload, is written down by the statement that makes it, in a transaction that is nobody's.
 *
 * They are on rows, since the condition of such a trigger is looked at before anything is kept for it: a change that is not
 * told of, that a token was used or an upload has gone on, costs nothing but that look.
 */

type Operation = 'INSERT' | 'UPDATE' | 'DELETE';

/** How rows of a table are told of. `r` is the row as it is, or was; `asked` is who does it. */
interface Audited {
  readonly table: string;
  readonly kind: string;
  readonly id: string;
  readonly subTenant: string;
  readonly details: string;
  /** By operation, which rows are told of, and as what. Operations that are not here are not. */
  readonly on: Partial<Record<Operation, Told>>;
}

interface Told {
  /** A condition on `OLD` and `NEW` alone. */
  readonly rows: string;
  /** A condition that may look at what was asked for. */
  readonly when: string;
  readonly action: string;
}

const ASKED = "asked->>'action'";

/** As what the request has asked for, where it has asked for that: what follows from something else is told of as that. */
function asked(kind: string, rows = 'true', and = 'true'): Told {
  return { rows, when: `split_part(${ASKED}, '.', 1) = '${kind}' AND ${and}`, action: ASKED };
}

/** As this, whatever the request has asked for. */
function always(rows: string, action: string): Told {
  return { rows, when: 'true', action };
}

const AUDITED: readonly Audited[] = [
  {
    table: 'tenants',
    kind: 'tenant',
    id: 'tenant_id',
    subTenant: 'NULL',
    details: 'NULL',
    on: { INSERT: asked('tenant'), UPDATE: asked('tenant'), DELETE: asked('tenant') },
  },
  {
    table: 'sub_tenants',
    kind: 'sub_tenant',
    id: 'sub_tenant_id',
    subTenant: 'r.sub_tenant_id',
    details: 'NULL',
    on: { INSERT: asked('sub_tenant'), UPDATE: asked('sub_tenant'), DELETE: asked('sub_tenant') },
  },
  {
    table: 'tokens',
    kind: 'token',
    id: 'token_id',
    subTenant: 'NULL',
    details: "jsonb_build_object('role', r.role)",
    // When it was last used is in the row as well.
    on: {
      INSERT: asked('token'),
      UPDATE: asked('token', 'NEW.last_used_at IS NOT DISTINCT FROM OLD.last_used_at'),
    },
  },
  {
    table: 'signing_keys',
    kind: 'signing_key',
    id: 'key_id',
    subTenant: 'NULL',
    details: 'NULL',
    on: { INSERT: asked('signing_key'), UPDATE: asked('signing_key') },
  },
  {
    table: 'storage_bindings',
    kind: 'storage_binding',
    id: 'binding_id',
    subTenant: 'NULL',
    details: "jsonb_build_object('adapter', r.adapter)",
    on: {
      INSERT: asked('storage_binding'),
      UPDATE: asked(
        'storage_binding',
        'true',
        `(r.retired_at IS NULL) = (${ASKED} <> 'storage_binding.remove')`,
      ),
    },
  },
  {
    table: 'links',
    kind: 'link',
    id: 'link_id',
    subTenant: 'r.sub_tenant_id',
    details: "jsonb_build_object('source_id', r.source_id)",
    // How often it was opened is in the row as well.
    on: { INSERT: asked('link'), UPDATE: asked('link', 'NEW.revoked_at IS DISTINCT FROM OLD.revoked_at') },
  },
  {
    table: 'link_marks',
    kind: 'link',
    id: 'target',
    subTenant: 'NULL',
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
      INSERT: always("NEW.status = 'available'", "'source.create'"),
      UPDATE: always(
        "NEW.status = 'available'",
        `CASE WHEN OLD.status <> 'available' THEN 'source.create' WHEN OLD.object_key <> NEW.object_key
          THEN 'source.replace' ELSE 'source.update' END`,
      ),
      DELETE: always("OLD.status = 'available'", "'source.delete'"),
    },
  },
  {
    table: 'uploads',
    kind: 'upload',
    id: 'upload_id',
    subTenant: 'r.sub_tenant_id',
    details: "jsonb_build_object('source_id', r.source_id, 'token_id', r.created_by)",
    on: {
      INSERT: always("NEW.kind <> 'direct' AND NEW.part_of IS NULL", "'upload.create'"),
      UPDATE: always(
        'NEW.state <> OLD.state AND NEW.part_of IS NULL',
        "CASE NEW.state WHEN 'completed' THEN 'upload.complete' ELSE 'upload.abort' END",
      ),
    },
  },
];

function triggerSql({ table, kind, id, subTenant, details, on }: Audited, operation: Operation): string {
  const told = on[operation];
  if (told === undefined) return '';
  const name = `audit_${table}_${operation.toLowerCase()}`;
  const key =
    table === 'tenants'
      ? 'r.tenant_key'
      : '(SELECT t.tenant_key FROM public.tenants t WHERE t.tenant_id = r.tenant_id)';
  return `
CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  asked jsonb := current_setting('gatehold.audit', true);
  r record := ${operation === 'DELETE' ? 'OLD' : 'NEW'};
BEGIN
  IF ${told.when} THEN
    INSERT INTO public.audit_entries (tenant_id, entry_id, tenant_key, action, outcome, token_id, role, sub_tenant_id,
      target_kind, target_id, request_id, address, details)
    VALUES (r.tenant_id, public.audit_entry_id(clock_timestamp()), ${key}, ${told.action}, 'success',
      (asked->>'token_id')::uuid, asked->>'role', ${subTenant}, '${kind}', r.${id}, asked->>'request_id',
      asked->>'address', ${details});
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER ${name} AFTER ${operation} ON ${table}
  FOR EACH ROW WHEN (current_setting('gatehold.audit', true) <> '' AND ${told.rows}) EXECUTE FUNCTION ${name}();
`;
}

/** One text per table. */
export const AUDIT_TRIGGERS_SQL: readonly string[] = AUDITED.map((audited) =>
  (['INSERT', 'UPDATE', 'DELETE'] as const).map((operation) => triggerSql(audited, operation)).join(''),
);
