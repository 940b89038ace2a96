import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { replacePart } from './page.mjs';

/** Rows whose requests the page takes apart. */
const PROFILED = ['metadata', 'issue-url-get', 'issue-url-post', 'links-batch'];
const PAGE = 'Head\n<!-- figures -->\nold\n<!-- end of figures -->\n<!-- rows -->\n<!-- end of rows -->\n';

describe('the page about performance', () => {
  it('gets a part of it anew, and keeps the rest', () => {
    const once = replacePart(PAGE, ['figures', 'new $& figures']);
    expect(once).toBe(PAGE.replace('old', () => '\nnew $& figures\n'));
    expect(replacePart(once, ['figures', 'new $& figures'])).toBe(once);
  });

  it('is not written where it has no place for the part', () => {
    expect(() => replacePart(PAGE, ['machine', 'text'])).toThrow('no place for: machine');
  });

  it('has a place for everything that is made', () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'performance.md'), 'utf8');
    const parts = ['figures', 'machine', 'rows', ...PROFILED.map((name) => `profile of ${name}`)];
    for (const name of parts) expect(replacePart(page, [name, 'x'])).not.toBe(page);
  });
});
