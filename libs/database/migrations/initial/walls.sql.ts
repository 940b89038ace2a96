/**
 * Row-level security, enabled and FORCE'd (the owner is held to it too). The tenant is a setting of the
 * transaction; unset, it reads as NULL or '' and matches no row. `tenant_directory` and its keys are readable only
 * through functions. The runtime role gets rows, never structure: no TRUNCATE, no REFERENCES, no TRIGGER.
 */
export const WALLS_SQL = `
DO $$
DECLARE owned text;
BEGIN
  FOREACH owned IN ARRAY ARRAY[
    'tenants', 'sub_tenants', 'tokens', 'signing_keys', 'sources', 'uploads', 'outbox', 'links'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
    EXECUTE format(
      'CREATE POLICY own_tenant ON %I TO gatehold_runtime
         USING (tenant_id = current_setting(''gatehold.tenant_id'', true))
         WITH CHECK (tenant_id = current_setting(''gatehold.tenant_id'', true))', owned);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO gatehold_runtime', owned);
  END LOOP;
END $$;
ALTER TABLE tenant_directory ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_directory FORCE ROW LEVEL SECURITY;
CREATE POLICY directory ON tenant_directory TO gatehold_directory USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON tenant_directory TO gatehold_directory;
GRANT SELECT, INSERT, UPDATE ON platform_settings, platform_tokens TO gatehold_runtime;
`;
