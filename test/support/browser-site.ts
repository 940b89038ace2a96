import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A small website of another origin than the gateway's. */
export interface Site {
  /** `http://localhost:<port>`; the gateway of the tests is at 127.0.0.1. */
  readonly origin: string;
  /** Whatever was asked under `/beacon/`, without that: for a script to tell that it runs. */
  readonly beacons: readonly string[];
  /** The Referer of the last request by URL; empty for one without. */
  readonly referrers: ReadonlyMap<string, string>;
  /** The address under which this HTML is a page from now on. */
  show(html: string): string;
  close(): Promise<void>;
}

/** Opens a website on the loopback interface. */
export async function openSite(): Promise<Site> {
  const pages: string[] = [];
  const beacons: string[] = [];
  const referrers = new Map<string, string>();
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path.startsWith('/beacon/')) beacons.push(path.slice('/beacon/'.length));
    referrers.set(`${origin}${path}`, request.headers.referer ?? '');
    const html = pages[Number(path.slice(1))];
    response.writeHead(html === undefined ? 204 : 200, {
      'content-type': 'text/html; charset=utf-8',
      'access-control-allow-origin': '*',
    });
    response.end(html);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    beacons,
    referrers,
    show: (html) => `${origin}/${pages.push(`<!doctype html><meta charset="utf-8">${html}`) - 1}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
