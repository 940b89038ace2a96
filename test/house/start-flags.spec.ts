import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

describe('what keeps the process small', () => {
  it('is the same for `npm start`, for the container and where memory is measured', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: { start: string } };
    const [, arenas, halves] =
      /^MALLOC_ARENA_MAX=\$\{MALLOC_ARENA_MAX:-(\d+)\} exec node --max-semi-space-size=(\d+) /.exec(
        scripts.start,
      ) ?? [];
    expect([arenas, halves].map(Number)).not.toContain(NaN);
    const container = await read('Dockerfile');
    expect(container).toContain(`ENV MALLOC_ARENA_MAX=${arenas}\n`);
    expect(container).toContain(`CMD ["node", "--max-semi-space-size=${halves}", `);
    const bench = await read('test/bench/support/gateway.mjs');
    expect(bench).toContain(`['--max-semi-space-size=${halves}']`);
    expect(bench).toContain(`{ MALLOC_ARENA_MAX: '${arenas}' }`);
  });
});
