import type { ServerResponse } from 'node:http';

const ENDLESS_BYTES = 100 * 1024 * 1024;

/** Answers with a document that goes on and on; resolves with whether all of it could be sent. */
export function answerEndlessly(response: ServerResponse, status: number, start: string): Promise<boolean> {
  const piece = 'x'.repeat(64 * 1024);
  let left = ENDLESS_BYTES;
  const more = (): void => {
    while (left > 0) {
      left -= piece.length;
      if (!response.write(piece)) return;
    }
    response.end();
  };
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.write(start);
  response.on('drain', more);
  more();
  return new Promise((resolve) => response.on('close', () => resolve(response.writableFinished)));
}
