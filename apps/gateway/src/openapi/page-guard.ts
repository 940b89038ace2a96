import { routeOf } from '#http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHash } from 'node:crypto';

import { UI_SCRIPT } from './page-script.js';

/** What the page is made of. Swagger UI's folder has more: another page, a redirect, source maps, its package.json. */
const PAGE = new Set(
  ['', 'index.html', 'swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-standalone-preset.js']
    .concat(['swagger-ui-init.js', 'favicon-16x16.png', 'favicon-32x32.png'])
    .map((file) => `/docs/${file}`)
    .concat('/docs'),
);

/**
 * The page may hold the root token. It runs its own scripts only, talks to this gateway only, and no other site may
 * show it in a frame (CSP Level 3). Answers are previewed from `blob:`; Swagger UI draws with `data:` and styles inline.
 */
const POLICY = [
  "default-src 'none'",
  `script-src 'self' '${hashOf(UI_SCRIPT)}'`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  'media-src blob:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Adds security headers to whatever is answered under `/docs`, and answers 404 for what the page has no use for. Has to
 * come before the page's routes.
 */
export function guardPage(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance();
  server.addHook('onRequest', (request, reply, done) => {
    // The route rather than the path: a path may be percent-encoded and still lead there.
    if (!/^\/docs(?:\/|$)/.test(routeOf(request).url ?? '')) {
      done();
      return;
    }
    if (!PAGE.has(request.url.replace(/\?.*$/s, ''))) {
      reply.callNotFound();
      return;
    }
    void reply
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-cache');
    done();
  });
}

/** A source expression for an inline script: SHA-256 of what stands between its tags. */
function hashOf(script: string): string {
  return `sha256-${createHash('sha256').update(script).digest('base64')}`;
}
