import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { configurationPage } from './index.js';

describe('docs/configuration.md', () => {
  it('says what the definitions say (npm run docs:configuration writes it anew)', async () => {
    const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'configuration.md'), 'utf8');
    expect(page).toBe(configurationPage());
  });

  it('names every variable once, with its default, and never the default of a secret', () => {
    const names = configurationPage().match(/^### `[A-Z_]+`$/gm) ?? [];
    expect(names).toHaveLength(62);
    expect(new Set(names).size).toBe(names.length);
    expect(configurationPage().match(/^- Default: .+$/gm)).toHaveLength(names.length);
  });
});
