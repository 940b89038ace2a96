import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

import { readMatrix, type MatrixRow } from '../support/matrix-table.js';

const ROLES = ['admin', 'editor', 'viewer', 'uploader'];
const API_PAGE = new URL('../../docs/api.md', import.meta.url);

/** Rows of the tables of docs/api.md, as cells without their quotes. */
const documented = [...readFileSync(API_PAGE, 'utf8').matchAll(/^\|(.*)\|$/gm)].map(([, row = '']) =>
  row.split('|').map((cell) => cell.trim()),
);

/** What a role may, by the table of roles and scopes. */
function scopesOf(role: string): string[] {
  const head = documented.find(([first]) => first === 'scope') ?? [];
  const column = head.indexOf(`\`${role}\``);
  return documented.flatMap(([scope = '', ...cells]) =>
    cells[column - 1] === 'x' ? [scope.replaceAll('`', '')] : [],
  );
}

/** What a call accepts, by the table of calls; null for one that any valid token may make. */
function acceptedBy({ method, path, variant }: MatrixRow): string[] | null {
  // The text above the table says these of the cases of a call.
  if (variant === 'force') return ['tenants:manage'];
  if (`${method} ${path}` === 'PUT /v1/sources/{source_id}/content')
    return [variant === 'new' ? 'sources:create' : 'sources:write'];
  if (`${method} ${path}` === 'POST /v1/uploads' && variant !== '') return ['sources:write'];
  const [, need = ''] = documented.find(([call]) => call === `\`${method} ${path}\``) ?? [];
  const scopes = [...need.matchAll(/`([a-z_]+:[a-z]+)`/g)].map(([, scope = '']) => scope);
  return scopes.length === 0 ? null : scopes;
}

describe('the page of expectations', () => {
  const asking = readMatrix()
    .rows.filter(({ cells }) => cells.get('anonymous') !== cells.get('platform at large'))
    .map((row): [string, MatrixRow] => [row.name, row]);

  it.each(asking)('AZ-01: grants %s to the roles that docs/api.md grants it to', (_, row) => {
    const accepted = acceptedBy(row);
    const may = (role: string): boolean =>
      accepted === null || accepted.some((scope) => scopesOf(role).includes(scope));
    // Who may ask, but for an id in use, is granted the call and told of the conflict.
    const isGranted = (role: string): boolean => !/^40[0-4] /.test(row.cells.get(role) ?? '400 ');
    const page = Object.fromEntries(ROLES.map((role) => [role, isGranted(role)]));
    expect(page).toEqual(Object.fromEntries(ROLES.map((role) => [role, may(role)])));
    const refusals = ROLES.filter((role) => !may(role)).map((role) => row.cells.get(role));
    for (const refusal of refusals) expect(refusal).toBe('403 scope');
  });

  it('AN-14: answers everybody without a good credential alike, wherever one is asked for', () => {
    const bad = ['garbage', 'malformed', 'expired', 'revoked'];
    for (const [name, { cells }] of asking) {
      expect([name, cells.get('anonymous')]).toEqual([name, '401 missing']);
      for (const caller of bad)
        expect([name, caller, cells.get(caller)]).toEqual([name, caller, '401 invalid']);
    }
  });

  it('AN-04: grants nothing to who is suspended, and AZ-01: no change at home to strangers and siblings', () => {
    for (const [name, { cells, method, path, variant }] of asking) {
      for (const caller of ['tenant off', 'sub-tenant off', 'stranger here'])
        expect([name, caller, cells.get(caller)?.slice(0, 1)]).toEqual([name, caller, '4']);
      const isAtATarget =
        /\{(?:source_id|link_id|token_id|sub_tenant_id|upload_id)\}/.test(path) && variant !== 'new';
      // A source under a stranger's id is the stranger's own.
      const isOwn = method === 'PUT' && path.endsWith('/content');
      for (const caller of ['stranger', 'sibling'])
        if (isAtATarget && !(isOwn && caller === 'stranger'))
          expect([name, caller, cells.get(caller)?.slice(0, 1)]).toEqual([name, caller, '4']);
    }
  });
});
