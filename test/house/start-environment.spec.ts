import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

describe('what keeps the process small', () => {
  it('is the same for `npm start`, for the container and where memory is measured', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: { start: string } };
    const variables = [...scripts.start.matchAll(/(\w+)=\$\{\1:-(\d+)\} /g)].map(
      ([, name = '', value = '']) => ({
        name,
        value,
      }),
    );
    const [, flag] = / exec node (--max-semi-space-size=\d+) /.exec(scripts.start) ?? [];
    const [container, measured] = await Promise.all([
      read('Dockerfile'),
      read('test/bench/support/gateway.mjs'),
    ]);
    expect(variables.map(({ name }) => name)).toEqual(['MALLOC_ARENA_MAX', 'MALLOC_TRIM_THRESHOLD_']);
    const [, set] = /^ENV (MALLOC_.*)$/m.exec(container) ?? [];
    expect(set).toBe(variables.map(({ name, value }) => `${name}=${value}`).join(' '));
    const [, given] = /START_ENV = \{ (.*) \}/.exec(measured) ?? [];
    expect(given).toBe(variables.map(({ name, value }) => `${name}: '${value}'`).join(', '));
    expect(container).toContain(`CMD ["node", "${flag}", `);
    expect(measured).toContain(`START_FLAGS = ['${flag}']`);
  });
});
