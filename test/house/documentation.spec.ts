import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { ROLE_SCOPES } from '#auth';
import { ROLES, SCOPES } from '#kernel';

const ROOT = join(import.meta.dirname, '..', '..');

/** Rows of every table of a page, as their cells. */
async function tableRows(path: string): Promise<string[][]> {
  const text = await readFile(join(ROOT, path), 'utf8');
  return [...text.matchAll(/^\|(.*)\|$/gm)].map(([, row = '']) => row.split('|').map((cell) => cell.trim()));
}

const quoted = (texts: readonly string[]): string[] => texts.map((text) => `\`${text}\``);

describe('docs/api.md', () => {
  it('has the scopes of every role as they are', async () => {
    const rows = await tableRows('docs/api.md');
    expect(rows).toContainEqual(['scope', ...quoted(ROLES)]);
    for (const scope of SCOPES)
      expect(rows).toContainEqual([
        `\`${scope}\``,
        ...ROLES.map((role) => (ROLE_SCOPES[role].includes(scope) ? 'x' : '')),
      ]);
  });

  it('says of every operation, and of no other, what openapi.json says it needs', async () => {
    const { paths } = JSON.parse(await readFile(join(ROOT, 'openapi.json'), 'utf8')) as {
      paths: Record<string, Record<string, { security: object[]; 'x-required-scopes': string[] }>>;
    };
    const declared = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => [
        `\`${method.toUpperCase()} ${path}\``,
        needOf(operation.security.length === 0, operation['x-required-scopes']),
      ]),
    );
    const documented = (await tableRows('docs/api.md')).filter(([call]) => /^`[A-Z]+ \//.test(call ?? ''));
    expect(documented.sort()).toEqual(declared.sort());
  });
});

describe('docs/security.md', () => {
  it('has a test for each promise', async () => {
    const rows = (await tableRows('docs/security.md')).filter(
      ([first = '']) => !/^-+$|^promise$/.test(first),
    );
    expect(rows.length).toBeGreaterThan(40);
    for (const [promise = '', heldBy = ''] of rows)
      expect({ promise, heldBy }).toEqual({
        promise,
        heldBy: expect.stringMatching(/`(?:test|libs|apps)\/[^`]+\.(?:spec\.ts|mjs)`/) as unknown,
      });
  });
});

/** All pages for readers: path and text. */
async function pages(): Promise<[path: string, text: string][]> {
  const docs = (await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md'));
  const paths = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs.map((name) => join('docs', name))];
  return await Promise.all(
    paths.map(async (path): Promise<[string, string]> => [path, await readFile(join(ROOT, path), 'utf8')]),
  );
}

function needOf(isPublic: boolean, scopes: readonly string[]): string {
  if (isPublic) return 'none: open to everybody';
  return scopes.length === 0 ? 'any valid token' : quoted(scopes).join(' or ');
}

describe('the pages', () => {
  it('link to files that are there', async () => {
    for (const [page, text] of await pages()) {
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        const found = await stat(join(ROOT, dirname(page), target)).catch(() => null);
        expect({ page, target, found: found !== null }).toEqual({ page, target, found: true });
      }
    }
  });

  it('name only files of the repository that are there', async () => {
    for (const [page, text] of await pages()) {
      for (const [, path = ''] of text.matchAll(/`((?:apps|libs|scripts|test)\/[\w./-]+\.[a-z]+)`/g)) {
        const found = await stat(join(ROOT, path)).catch(() => null);
        expect({ page, path, found: found !== null }).toEqual({ page, path, found: true });
      }
    }
  });

  it('name only npm scripts that exist', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const page of ['README.md', 'CONTRIBUTING.md', 'docs/operations.md']) {
      const text = await readFile(join(ROOT, page), 'utf8');
      for (const [, name = ''] of text.matchAll(/npm run ([\w:]+)/g))
        expect({ page, name, known: name in scripts }).toEqual({ page, name, known: true });
    }
  });
});
