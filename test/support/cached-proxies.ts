import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { ForegroundServer } from './foreground-server.js';
import { startHaproxy } from './haproxy.js';
import { startNginx } from './nginx.js';
import type { Program } from './programs.js';

/** Starts a proxy that caches what it may: the gateway under /, and a {@link PublicOrigin} under /control/. */
export type StartCachedProxy = (gatewayUrl: string, controlUrl: string) => Promise<ForegroundServer>;

/** nginx with a cache as one sets it up: the default key, successful answers only. */
const carefulNginx: StartCachedProxy = (gatewayUrl, controlUrl) =>
  cachedNginx(gatewayUrl, controlUrl, 'proxy_cache_valid 200 206 301 302 1m;');

/**
 * nginx with a cache that keeps as much as it can without going against `Cache-Control` and `Vary`: one key for all
 * hosts, methods and queries, POST too, errors too, and stale answers whenever there is trouble.
 */
const greedyNginx: StartCachedProxy = (gatewayUrl, controlUrl) =>
  cachedNginx(
    gatewayUrl,
    controlUrl,
    `proxy_cache_key $uri;
    proxy_cache_methods GET HEAD POST;
    proxy_cache_valid any 10m;
    proxy_cache_lock on;
    proxy_cache_revalidate on;
    proxy_cache_background_update on;
    proxy_cache_use_stale error timeout invalid_header updating http_403 http_404 http_429 http_500 http_502 http_503;`,
  );

function cachedNginx(gatewayUrl: string, controlUrl: string, caching: string): Promise<ForegroundServer> {
  return startNginx(
    ({ port }) => `
    proxy_cache_path cache keys_zone=answers:1m levels=1:2 inactive=10m max_size=64m use_temp_path=off;
    upstream gatehold { server ${new URL(gatewayUrl).host}; keepalive 8; }
    server {
      listen 127.0.0.1:${port};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_cache answers;
      ${caching}
      add_header X-Cache $upstream_cache_status always;
      location / { proxy_pass http://gatehold; }
      location /control/ { proxy_pass ${controlUrl}; }
    }`,
  );
}

/** haproxy with its cache. It keeps 200s to GET only; there is no more to be had from it. */
const cachedHaproxy: StartCachedProxy = (gatewayUrl, controlUrl) =>
  startHaproxy(
    ({ port }) => `
cache answers
    total-max-size 64
    max-object-size 1000000
    max-age 600
    process-vary on

defaults
    mode http
    timeout connect 5s
    timeout client 75s
    timeout server 75s

frontend callers
    bind 127.0.0.1:${port}
    http-request cache-use answers
    http-response cache-store answers
    http-response set-header X-Cache HIT if !{ srv_id -m found }
    use_backend control if { path_beg /control/ }
    default_backend gatehold

backend gatehold
    server one ${new URL(gatewayUrl).host}

backend control
    server one ${new URL(controlUrl).host}
`,
  );

/** A proxy with a cache. */
export interface CachedProxy {
  readonly title: string;
  readonly program: Program;
  readonly start: StartCachedProxy;
  /** Whether ranges and conditions reach the gateway; an nginx with a cache always asks for the whole. */
  readonly handsOn: boolean;
}

/** Every proxy with a cache that there is. */
export const CACHED_PROXIES: readonly CachedProxy[] = [
  { title: 'nginx with a cache', program: 'nginx', start: carefulNginx, handsOn: false },
  { title: 'nginx with a cache that keeps all it may', program: 'nginx', start: greedyNginx, handsOn: false },
  { title: 'haproxy with a cache', program: 'haproxy', start: cachedHaproxy, handsOn: true },
];

/** An origin that says of everything that anybody may keep it, and answers with who asked. */
export class PublicOrigin {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<PublicOrigin> {
    const server = createServer((request, response) => {
      response.setHeader('cache-control', 'public, max-age=600');
      const caller = request.headers['x-caller'];
      response.end(`for ${typeof caller === 'string' ? caller : 'nobody'}`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PublicOrigin(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
