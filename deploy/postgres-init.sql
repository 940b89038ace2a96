-- Run once by the postgres image, when its data volume is empty. Two logins, neither a superuser: the owner changes
-- the schema, the other one serves requests and owns nothing, so that row-level security holds against it.
\set ON_ERROR_STOP on
\getenv owner_password GATEHOLD_OWNER_PASSWORD
\getenv app_password GATEHOLD_APP_PASSWORD

-- The migrations make the roles that the gateway works as, hence CREATEROLE.
CREATE ROLE gatehold_owner LOGIN CREATEROLE PASSWORD :'owner_password';
CREATE ROLE gatehold_app LOGIN PASSWORD :'app_password';

CREATE DATABASE gatehold OWNER gatehold_owner;
REVOKE ALL ON DATABASE gatehold FROM PUBLIC;
GRANT CONNECT ON DATABASE gatehold TO gatehold_app;
