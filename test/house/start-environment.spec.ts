import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

describe('what keeps the process small', () => {
  it('is the same for `npm start`, for the container and where memory is measured', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: { start: string } };
    const start = /^MALLOC_ARENA_MAX=\$\{MALLOC_ARENA_MAX:-(\d+)\} exec node (--max-semi-space-size=\d+) /;
    const [, arenas, flag] = start.exec(scripts.start) ?? [];
    expect(Number(arenas)).toBeGreaterThan(0);
    const [container, measured] = await Promise.all([
      read('Dockerfile'),
      read('test/bench/support/gateway.mjs'),
    ]);
    expect(container).toContain(`ENV MALLOC_ARENA_MAX=${arenas}\n`);
    expect(container).toContain(`CMD ["node", "${flag}", `);
    expect(measured).toContain(`{ MALLOC_ARENA_MAX: '${arenas}' }`);
    expect(measured).toContain(`START_FLAGS = ['${flag}']`);
  });
});
