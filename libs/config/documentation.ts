import { SETTINGS } from './definitions.js';
import type { Setting } from './setting.js';

const TITLES: Readonly<Record<keyof typeof SETTINGS, string>> = {
  http: 'Listening and addresses',
  data: 'Data folder',
  storage: 'Default storage',
  storageAccess: 'Connections to storages',
  database: 'Database',
  cache: 'Cache',
  secrets: 'Secrets',
  authentication: 'Authentication',
  oidc: 'OpenID providers',
  limits: 'Limits',
  background: 'Background work',
  audit: 'Audit log',
  log: 'Log',
};

const INTRODUCTION = `# Configuration

Gatehold reads its settings from environment variables, once, at start. It names every variable that it cannot
use, all of them together and never with a value, and exits with a code other than 0. An empty variable counts as
an absent one. A \`GATEHOLD_\` variable that is not in this list is reported as a warning and has no effect.
\`NODE_ENV\` changes nothing: the checks are the ones for production everywhere.

This page is made from the definitions in \`libs/config\` by \`npm run docs:configuration\`.
`;

/** The whole of docs/configuration.md. */
export function configurationPage(): string {
  const sections = Object.entries(SETTINGS).map(([group, settings]) =>
    section(TITLES[group as keyof typeof SETTINGS], Object.values(settings)),
  );
  return [INTRODUCTION, ...sections].join('\n');
}

function section(title: string, settings: readonly Setting<unknown>[]): string {
  return `## ${title}\n\n${settings.map(entry).join('\n')}`;
}

function entry({ name, description, type, defaultText, fallback, secret }: Setting<unknown>): string {
  const literal = fallback !== null && defaultText !== 'none';
  return [
    `### \`${name}\``,
    '',
    `${description}${secret ? ' A secret: it is never logged.' : ''}`,
    '',
    `- Value: ${type}`,
    `- Default: ${literal ? `\`${defaultText}\`` : defaultText}`,
    '',
  ].join('\n');
}
