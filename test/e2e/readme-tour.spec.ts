import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { sharedGateway } from '../support/shared-gateway.js';

const ROOT = join(import.meta.dirname, '..', '..');

/** The tour's commands as they stand in README.md, to be pasted one block after the other into one shell. */
async function tour(): Promise<string> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const section = /^## Five-minute tour\n(.*?)^## /ms.exec(readme)?.[1] ?? '';
  return [...section.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, block]) => block).join('\n');
}

let commands: string;
let output: string;
let lines: string[];

beforeAll(async () => {
  const { url, dataDir } = sharedGateway();
  commands = await tour();
  const env = { PATH: process.env['PATH'] ?? '', GATEHOLD_URL: url, GATEHOLD_DATA_DIR: dataDir };
  // A command that fails ends the tour: -e, also in the middle of a pipe, and on a variable that was never set.
  const { stdout, stderr } = await promisify(execFile)(
    'bash',
    ['--norc', '-euo', 'pipefail', '-c', commands],
    {
      cwd: ROOT,
      env,
    },
  );
  if (stderr !== '') throw new Error(`The tour complains: ${stderr}`);
  output = stdout;
  lines = output.split('\n').map((line) => line.trimEnd());
}, 60_000);

/** The answers that are JSON, in their order. */
function answers(): Record<string, unknown>[] {
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("the README's tour, pasted word for word", () => {
  it('consists of several blocks and asks for nothing but curl, node and a shell', () => {
    expect(commands.split('curl ').length).toBeGreaterThan(20);
    expect(commands).not.toMatch(/\bjq\b|\bpython/);
  });

  it('makes a tenant and a token that knows its own tenant', () => {
    const [ready, tenant, me] = answers();
    expect(ready).toEqual({ status: 'ok' });
    expect(tenant).toMatchObject({ status: 'active', default_sub_tenant_id: 'default' });
    expect(me).toMatchObject({ role: 'editor', tenant_id: tenant?.['tenant_id'], sub_tenant_id: 'default' });
  });

  it('uploads a PDF and a text file, which a viewer sees', () => {
    const list = answers()[3] as { data: Record<string, unknown>[] };
    expect(list.data).toEqual([
      expect.objectContaining({
        external_id: 'annual-report',
        name: 'report.pdf',
        content_type: 'application/pdf',
      }),
      expect.objectContaining({ name: 'greeting.txt', content_type: 'text/plain', size_bytes: 24 }),
    ]);
  });

  it('gets them back equal, unchanged as 304 and in part as 206', () => {
    expect(lines).toContain('the PDF is the same, byte for byte');
    expect(lines).toContain('unchanged: 304');
    expect(output).toMatch(/206 Partial Content\s+content-range: bytes 0-7\/594\s+%PDF-1\.7/);
  });

  it('gets them back through both compatible calls, in every mode', () => {
    expect(lines).toContain('the URL gives the PDF, without a token');
    expect(answers()[4]).toMatchObject({
      success: true,
      content: 'Grüße aus dem Archiv.\n',
      content_base64: null,
      presigned_url: null,
    });
    expect(lines).toContain('base64 gives the PDF');
    expect(lines).toContain('mode both gives a URL for the PDF beside its content');
    // Once by the URL of mode=url, once by the link.
    expect(lines.filter((line) => line === 'Grüße aus dem Archiv.')).toHaveLength(2);
  });

  it('takes a link back', () => {
    expect(lines).toContain('revoked: 204');
    expect(lines).toContain('the link now: 410');
  });

  it('gives another tenant nothing', () => {
    const [list, native, knowledgeBase, fetched] = answers().slice(5);
    expect(list).toMatchObject({ data: [] });
    expect(native).toMatchObject({ status: 404, code: 'source_not_found' });
    expect(knowledgeBase).toEqual({ detail: expect.any(String) });
    expect(fetched).toMatchObject({ detail: { success: false, error_code: 'FORBIDDEN' } });
  });

  it('suspends the tenant and lets it go on', () => {
    expect(lines.slice(-4, -1)).toEqual([
      'suspended, by token: 403',
      'suspended, by URL: 410',
      'resumed, by URL: 200',
    ]);
  });
});
