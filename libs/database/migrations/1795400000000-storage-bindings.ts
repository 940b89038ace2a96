import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Where objects are. Every source version, every write under way and every object that is to be removed names its
 * binding, so that a tenant's objects stay readable where they were written when its binding changes. NULL is the data
 * folder of the gateway itself, which is all there was before.
 *
 * An id stands for one place for ever; only its credentials may change (`revision` counts that).
 */
const SQL = `
CREATE TABLE storage_bindings (
  tenant_id text COLLATE "C" NOT NULL REFERENCES tenants,
  binding_id uuid NOT NULL,
  adapter text NOT NULL CHECK (adapter IN ('filesystem', 's3', 'azure')),
  place text COLLATE "C" NOT NULL,
  settings jsonb NOT NULL CHECK (jsonb_typeof(settings) = 'object'),
  sealed_credentials bytea,
  delivery text NOT NULL CHECK (delivery IN ('direct', 'redirect', 'proxy')),
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  retired_at timestamptz(3),
  PRIMARY KEY (tenant_id, binding_id),
  UNIQUE (tenant_id, place)
);
CREATE UNIQUE INDEX storage_bindings_current ON storage_bindings (tenant_id) WHERE retired_at IS NULL;
ALTER TABLE storage_bindings ENABLE ROW LEVEL SECURITY;
ALTER TABLE storage_bindings FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON storage_bindings TO gatehold_runtime
  USING (tenant_id = current_setting('gatehold.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('gatehold.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON storage_bindings TO gatehold_runtime;

CREATE TABLE platform_bindings (
  binding_id uuid PRIMARY KEY,
  adapter text NOT NULL CHECK (adapter IN ('s3', 'azure')),
  place text COLLATE "C" NOT NULL UNIQUE,
  settings jsonb NOT NULL CHECK (jsonb_typeof(settings) = 'object'),
  sealed_credentials bytea,
  delivery text NOT NULL CHECK (delivery IN ('direct', 'redirect', 'proxy')),
  revision integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE ON platform_bindings TO gatehold_runtime;

ALTER TABLE sources ADD COLUMN binding_id uuid;
ALTER TABLE uploads ADD COLUMN binding_id uuid;
ALTER TABLE outbox ADD COLUMN binding_id uuid;
`;

/** Storage bindings, and the place of every object. */
export class StorageBindings1795400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SQL);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
