import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const SWEEP_MS = 100;

/**
 * Knows a server's connections, so that a drain ends with the last request. `server.close()` closes what is idle at
 * that moment only: a connection whose request ends later stays until its keep-alive runs out, and one that a browser
 * opened in advance and never used counts as busy.
 */
export class Connections {
  private readonly unused = new Set<Socket>();

  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.unused.add(socket);
      socket.once('close', () => this.unused.delete(socket));
    });
  }

  /** Closes connections as they become idle, and all of them after the limit. Call the answer to end it. */
  drain(limitMs: number): () => void {
    const sweep = setInterval(() => this.closeIdle(), SWEEP_MS);
    const limit = setTimeout(() => this.server.closeAllConnections(), limitMs);
    this.closeIdle();
    return () => {
      clearInterval(sweep);
      clearTimeout(limit);
    };
  }

  private closeIdle(): void {
    this.server.closeIdleConnections();
    for (const socket of this.unused) {
      if (socket.bytesRead === 0) socket.destroy();
      else this.unused.delete(socket);
    }
  }
}
