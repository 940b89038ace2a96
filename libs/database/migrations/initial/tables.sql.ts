/**
 * Tables. Every tenant-owned one has `tenant_id` first in its primary key and in every index, so that queries stay
 * on one shard when the tables are distributed by tenant. Ids compare byte by byte (COLLATE "C"): case-sensitive,
 * and keyset order does not depend on the operating system's locale.
 */
export const TABLES_SQL = `
CREATE TABLE platform_settings (
  name text PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE platform_tokens (
  token_id uuid PRIMARY KEY,
  token_hash bytea NOT NULL UNIQUE,
  name text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  revoked_at timestamptz(3)
);

CREATE TABLE tenant_directory (
  tenant_key text COLLATE "C" PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE tenants (
  tenant_id text COLLATE "C" PRIMARY KEY,
  tenant_key text COLLATE "C" NOT NULL,
  name text NOT NULL,
  default_sub_tenant_id text COLLATE "C" NOT NULL,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'deleting')),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE sub_tenants (
  tenant_id text COLLATE "C" NOT NULL REFERENCES tenants,
  sub_tenant_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, sub_tenant_id)
);

CREATE TABLE tokens (
  tenant_id text COLLATE "C" NOT NULL REFERENCES tenants,
  token_id uuid NOT NULL,
  token_hash bytea NOT NULL,
  prefix text NOT NULL,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('admin', 'editor', 'viewer', 'uploader')),
  scopes text[] NOT NULL,
  sub_tenant_ids text[] COLLATE "C",
  ip_ranges text[],
  created_by uuid NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  PRIMARY KEY (tenant_id, token_id),
  UNIQUE (tenant_id, token_hash)
);

CREATE TABLE signing_keys (
  tenant_id text COLLATE "C" NOT NULL REFERENCES tenants,
  key_id integer NOT NULL,
  sealed bytea NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  retired_at timestamptz(3),
  PRIMARY KEY (tenant_id, key_id)
);

CREATE TABLE sources (
  tenant_id text COLLATE "C" NOT NULL,
  source_id uuid NOT NULL,
  sub_tenant_id text COLLATE "C" NOT NULL,
  external_id text COLLATE "C",
  name text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 1024),
  status text NOT NULL CHECK (status IN ('pending', 'available', 'failed')),
  content_type text COLLATE "C" NOT NULL,
  size_bytes bigint,
  checksum_sha256 bytea,
  version integer NOT NULL DEFAULT 1,
  revision integer NOT NULL DEFAULT 1,
  object_key text COLLATE "C",
  metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  content_updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, source_id),
  FOREIGN KEY (tenant_id, sub_tenant_id) REFERENCES sub_tenants,
  CHECK (status <> 'available'
    OR (size_bytes IS NOT NULL AND checksum_sha256 IS NOT NULL AND object_key IS NOT NULL))
);
CREATE UNIQUE INDEX sources_external_id ON sources (tenant_id, sub_tenant_id, external_id);
CREATE INDEX sources_newest ON sources (tenant_id, sub_tenant_id, created_at, source_id);
CREATE INDEX sources_name ON sources (tenant_id, sub_tenant_id, name);

CREATE TABLE uploads (
  tenant_id text COLLATE "C" NOT NULL,
  upload_id uuid NOT NULL,
  sub_tenant_id text COLLATE "C" NOT NULL,
  object_key text COLLATE "C" NOT NULL,
  created_by uuid NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, upload_id),
  FOREIGN KEY (tenant_id, sub_tenant_id) REFERENCES sub_tenants
);
CREATE INDEX uploads_expiry ON uploads (tenant_id, expires_at);

CREATE TABLE outbox (
  tenant_id text COLLATE "C" NOT NULL REFERENCES tenants,
  outbox_id uuid NOT NULL DEFAULT gen_random_uuid(),
  kind text NOT NULL CHECK (kind IN ('remove_object')),
  object_key text COLLATE "C" NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  due_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, outbox_id)
);
CREATE INDEX outbox_due ON outbox (tenant_id, due_at);

CREATE TABLE links (
  tenant_id text COLLATE "C" NOT NULL,
  link_id uuid NOT NULL,
  sub_tenant_id text COLLATE "C" NOT NULL,
  source_id uuid NOT NULL,
  token_id uuid NOT NULL,
  filename text,
  disposition text NOT NULL CHECK (disposition IN ('attachment', 'inline')),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  revoked_at timestamptz(3),
  PRIMARY KEY (tenant_id, link_id),
  FOREIGN KEY (tenant_id, sub_tenant_id) REFERENCES sub_tenants
);
CREATE INDEX links_newest ON links (tenant_id, sub_tenant_id, created_at, link_id);
CREATE INDEX links_source ON links (tenant_id, source_id);
`;
