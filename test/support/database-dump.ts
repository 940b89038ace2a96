import { withClient } from './test-database.js';

/** All that is stored, as text: every row of every table, binary columns in hex, as `pg_dump` writes them. */
export async function dumpOf(ownerUrl: string): Promise<string> {
  return await withClient(ownerUrl, async (client) => {
    const { rows: tables } = await client.query<{ schema: string; name: string }>(
      `SELECT schemaname AS schema, tablename AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    if (tables.length === 0) throw new Error('The database has no tables.');
    const parts = tables.map(({ schema, name }) => {
      const table = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
      return `SELECT ${client.escapeLiteral(name)} || ': ' || t::text AS row FROM ${table} t`;
    });
    const { rows } = await client.query<{ row: string }>(parts.join(' UNION ALL '));
    return rows.map(({ row }) => row).join('\n');
  });
}

/** How a secret may be written: as it is, or as what a column, a URL or JSON makes of it. */
export function writtenForms(secret: string | Buffer): Readonly<Record<string, string>> {
  const bytes = Buffer.from(secret);
  const text = typeof secret === 'string' ? { plain: secret, 'URL-encoded': encodeURIComponent(secret) } : {};
  return {
    ...text,
    hex: bytes.toString('hex'),
    ...Object.fromEntries(
      // What stands before it in the same text decides how the bits fall; the ends mix with what is beside.
      [0, 1, 2].flatMap((offset) => {
        const shifted = Buffer.concat([Buffer.alloc(offset), bytes])
          .toString('base64')
          .replace(/=+$/, '');
        const inner = shifted.slice(offset === 0 ? 0 : 4, -2);
        return [
          [`base64, shifted by ${offset}`, inner],
          [`base64url, shifted by ${offset}`, inner.replaceAll('+', '-').replaceAll('/', '_')],
        ];
      }),
    ),
  };
}

/** Where secrets stand in a dump: which one, in what form, in which table. */
export function secretsInDump(dump: string, secrets: Readonly<Record<string, string | Buffer>>): string[] {
  const lower = dump.toLowerCase();
  return Object.entries(secrets).flatMap(([what, secret]) =>
    Object.entries(writtenForms(secret)).flatMap(([form, text]) => {
      // Hex may be written in either case.
      const at = form === 'hex' ? lower.indexOf(text) : dump.indexOf(text);
      if (at < 0) return [];
      const [table = ''] = dump.slice(dump.lastIndexOf('\n', at) + 1, at).split(':', 1);
      return [`${what}, ${form}, in ${table}`];
    }),
  );
}
