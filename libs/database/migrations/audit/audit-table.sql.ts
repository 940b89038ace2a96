/**
 * The log of a tenant. The gateway adds to it and reads it, and can do nothing else. It refers to no other table: it
 * outlives what it tells of, the tenant included. A tenant's id can be used again, its key cannot: `tenant_key` is whose
 * log an entry is in, so that a new tenant never reads about an old one.
 *
 * Ids are version 7 UUIDs of the moment of what they tell of: they say when it was, and the primary key is the order of
 * time. `transaction_no` is the transaction that wrote an entry, for whoever seals it: once that many are over, nothing
 * below comes any more. Entries lie in the order in which they were written, more or less, so that an index of a few
 * kilobytes, which an entry hardly ever touches, finds the newest.
 *
 * An entry is written with every upload, so that everything here is counted: no other index, and `details` is null where
 * there are none.
 */
export const AUDIT_TABLE_SQL = `
CREATE FUNCTION audit_entry_id(moment timestamptz) RETURNS uuid
  LANGUAGE sql VOLATILE PARALLEL SAFE
  RETURN encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM moment) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid;
REVOKE ALL ON FUNCTION audit_entry_id(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_entry_id(timestamptz) TO gatehold_runtime;

CREATE TABLE audit_entries (
  tenant_id text COLLATE "C" NOT NULL,
  entry_id uuid NOT NULL,
  transaction_no bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  tenant_key text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  outcome text COLLATE "C" NOT NULL CHECK (outcome IN ('success', 'denied', 'failed')),
  token_id uuid,
  role text COLLATE "C",
  link_id uuid,
  sub_tenant_id text COLLATE "C",
  target_kind text COLLATE "C",
  target_id text COLLATE "C",
  request_id text COLLATE "C",
  address text COLLATE "C",
  details jsonb CHECK (jsonb_typeof(details) = 'object'),
  PRIMARY KEY (tenant_id, entry_id)
);
CREATE INDEX audit_entries_transaction ON audit_entries USING brin (tenant_id, transaction_no)
  WITH (pages_per_range = 32, autosummarize = on);
ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON audit_entries TO gatehold_runtime
  USING (tenant_id = current_setting('gatehold.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('gatehold.tenant_id', true));
GRANT SELECT, INSERT ON audit_entries TO gatehold_runtime;
`;
